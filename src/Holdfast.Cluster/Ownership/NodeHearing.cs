using System.Collections.Concurrent;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Ownership;

/// <summary>When each node was last heard, and what it said of itself.</summary>
internal sealed class NodeHearing(TimeProvider time)
{
    private readonly ConcurrentDictionary<NodeId, Heard> _heard = new();

    /// <summary>A node was heard.</summary>
    public void Hear(Heartbeat heartbeat) => _heard[heartbeat.From] = new Heard(time.GetTimestamp(), heartbeat);

    /// <summary>A node's process is gone: nobody waits for its silence.</summary>
    public void Forget(NodeId node) => _heard.TryRemove(node, out _);

    /// <summary>Nodes that were heard lately.</summary>
    /// <param name="within">How lately.</param>
    public IEnumerable<Heartbeat> Alive(TimeSpan within)
        => _heard.Values.Where(heard => time.GetElapsedTime(heard.At) < within).Select(heard => heard.Said);

    /// <summary>How long a node has been silent; null when it was never heard.</summary>
    public TimeSpan? SilenceOf(NodeId node) => _heard.TryGetValue(node, out var heard) ? time.GetElapsedTime(heard.At) : null;

    /// <summary>Whether a node says that it does not reach the database.</summary>
    public bool IsCut(NodeId node) => _heard.TryGetValue(node, out var heard) && heard.Said.IsCut;

    private sealed record Heard(long At, Heartbeat Said);
}
