namespace Holdfast.Cluster.Peers;

/// <summary>The other nodes of the cluster, as its membership shows them. What is seen may be seconds old: safety never depends on it.</summary>
public interface IPeers
{
    /// <summary>This life of this node.</summary>
    NodeId Self { get; }

    /// <summary>Every other node that joins or takes part, in the order of their names. A new list after each change.</summary>
    IReadOnlyList<NodeId> Others { get; }

    /// <summary>
    /// <see cref="Others"/> has changed, or a node was declared dead. Runs on the thread pool, one call at a time; several changes may be one call.
    /// </summary>
    event Action Changed;

    /// <summary>
    /// Whether the membership says that this life of a node is over: it has left, the others have declared it dead, or a later life has joined at its address. A node that is
    /// not known is not dead.
    /// </summary>
    /// <param name="node">Any life of a node.</param>
    bool IsDeclaredDead(NodeId node);

    /// <summary>The way to a node. The calls of what is returned fail with <see cref="PeerUnavailableException"/>.</summary>
    /// <param name="node">Any node but this one.</param>
    INodeEndpoint Get(NodeId node);
}
