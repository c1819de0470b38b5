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
}
