namespace Holdfast.Cluster.Peers;

/// <summary>
/// What a node can be asked by another. A node implements it for itself; <see cref="IPeers.Get"/> gives the way to the others. Messages that are on their way at the
/// same time may arrive in any order; who needs an order awaits the answer.
/// </summary>
public interface INodeEndpoint
{
    /// <summary>A node says that it lives, and where it stands.</summary>
    /// <param name="heartbeat">What it says.</param>
    /// <exception cref="PeerUnavailableException">There is no answer, and perhaps it did not arrive.</exception>
    ValueTask<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat);
}
