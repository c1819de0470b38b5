using System.Reflection;
using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Node;

/// <summary>
/// Answers the messages by which tests look at the way between nodes; to the others, which this program has no use for, it says so. The messages are many and grow, hence a proxy.
/// </summary>
public class NodeEndpoint : DispatchProxy
{
    private long _heartbeats;

    /// <summary>Who this is.</summary>
    public TaskCompletionSource<NodeId> Self { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Heartbeats => Interlocked.Read(ref _heartbeats);

    /// <summary>What is given to the silo.</summary>
    public static (INodeEndpoint Endpoint, NodeEndpoint Answers) Make()
    {
        var endpoint = Create<INodeEndpoint, NodeEndpoint>();
        return (endpoint, (NodeEndpoint)(object)endpoint);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name switch
    {
        nameof(INodeEndpoint.HeartbeatAsync) => new ValueTask<HeartbeatAnswer>(HeartbeatAsync()),
        nameof(INodeEndpoint.AppendAsync) => new ValueTask<AppendAnswer>(Take((AppendRequest)args![0]!)),
        _ => throw new NotSupportedException($"This node does not answer {targetMethod?.Name}."),
    };

    private async Task<HeartbeatAnswer> HeartbeatAsync()
    {
        Interlocked.Increment(ref _heartbeats);
        return new HeartbeatAnswer(await Self.Task);
    }

    /// <summary>Stores nothing: it is asked to see what a large message costs.</summary>
    private static AppendAnswer Take(AppendRequest request)
        => new([.. request.Batches.Select(_ => new ForwardedOutcome(ForwardedStatus.NotOwner, null))]);
}
