using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Fanout;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Node;

/// <summary>Answers other nodes, and counts what they say.</summary>
internal sealed class NodeEndpoint : INodeEndpoint
{
    private long _heartbeats;

    /// <summary>Who this is.</summary>
    public TaskCompletionSource<NodeId> Self { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Heartbeats => Interlocked.Read(ref _heartbeats);

    public async ValueTask<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat)
    {
        Interlocked.Increment(ref _heartbeats);
        return new HeartbeatAnswer(await Self.Task);
    }

    /// <summary>Stores nothing: it is asked to see what a large message costs.</summary>
    public ValueTask<AppendAnswer> AppendAsync(AppendRequest request)
        => new(new AppendAnswer([.. request.Batches.Select(_ => new ForwardedOutcome(ForwardedStatus.NotOwner, null))]));

    public ValueTask<bool> PushAsync(PushedBatches pushed) => new(true);

    public ValueTask<OwnedPartition[]> FenceAsync(NodeId gone) => new(Array.Empty<OwnedPartition>());
}
