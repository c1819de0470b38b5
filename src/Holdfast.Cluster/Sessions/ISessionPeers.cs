using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Sessions;

/// <summary>What the sessions need from the other nodes.</summary>
public interface ISessionPeers
{
    /// <summary>Asks a node to let a session go. The node serves it with <see cref="ClusterSessions.ReleaseAsync"/>.</summary>
    /// <param name="node">The node that the session's row names.</param>
    /// <param name="product">The product.</param>
    /// <param name="clientId">The client identifier.</param>
    /// <param name="sessionId">The session.</param>
    /// <exception cref="PeerUnavailableException">There is no answer.</exception>
    ValueTask<ReleaseOutcome> ReleaseAsync(NodeId node, string product, string clientId, ulong sessionId);

    /// <summary>Whether a life of a node is to be taken for dead: docs/adr/0009-cluster.md says when. Wrong, it costs that node its life, but no event.</summary>
    /// <param name="node">The node.</param>
    bool IsGone(NodeId node);
}

/// <summary>What a node says that was asked to let a session go.</summary>
public enum ReleaseOutcome
{
    /// <summary>It has it no more; who asked may look at the row again.</summary>
    Released,

    /// <summary>It is at work on it. Ask again.</summary>
    Busy,
}

/// <summary>Sees to it that nothing more comes of a node.</summary>
public interface INodeFence
{
    /// <summary>
    /// Marks the node as fenced (<see cref="Log.State.IClusterSessionStore.FenceAsync"/>), and has every owner of a partition refuse it.
    /// </summary>
    /// <param name="gone">The node.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Per partition the committed end; beyond it, nothing of that node can follow.</returns>
    /// <exception cref="IOException">It could not be done now, or this node is fenced itself.</exception>
    ValueTask<long[]> FenceEverywhereAsync(NodeId gone, CancellationToken cancellationToken);
}
