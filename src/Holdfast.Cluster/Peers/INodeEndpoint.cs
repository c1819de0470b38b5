using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Direct;
using Holdfast.Cluster.Fanout;
using Holdfast.Cluster.Sessions;

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

    /// <summary>Appends records to partitions that the node owns, and answers after the commit.</summary>
    /// <param name="request">The records.</param>
    /// <exception cref="PeerUnavailableException">There is no answer; perhaps they are stored.</exception>
    ValueTask<AppendAnswer> AppendAsync(AppendRequest request);

    /// <summary>Takes batches that their owner has committed.</summary>
    /// <param name="pushed">The batches.</param>
    /// <returns>True.</returns>
    /// <exception cref="PeerUnavailableException">There is no answer, and perhaps they did not arrive.</exception>
    ValueTask<bool> PushAsync(PushedBatches pushed);

    /// <summary>Takes QoS 0 messages for the node's subscribers.</summary>
    /// <param name="messages">The messages.</param>
    /// <returns>True.</returns>
    /// <exception cref="PeerUnavailableException">There is no answer, and perhaps they did not arrive.</exception>
    ValueTask<bool> RelayAsync(DirectMessages messages);

    /// <summary>Learns which filters another node has.</summary>
    /// <param name="interest">The filters.</param>
    /// <returns>False when it needs to be told all of them.</returns>
    /// <exception cref="PeerUnavailableException">There is no answer, and perhaps it did not arrive.</exception>
    ValueTask<bool> HearInterestAsync(Interest interest);

    /// <summary>Lets a session go to the node that asks.</summary>
    /// <param name="release">The session.</param>
    /// <exception cref="PeerUnavailableException">There is no answer.</exception>
    ValueTask<ReleaseOutcome> ReleaseAsync(SessionRelease release);

    /// <summary>Drains the node: it hands over what it owns, sends its clients elsewhere, and ends.</summary>
    /// <param name="node">Its name, to be sure.</param>
    /// <returns>False when that is not its name.</returns>
    /// <exception cref="PeerUnavailableException">There is no answer.</exception>
    ValueTask<bool> DrainAsync(string node);

    /// <summary>Answers a request that came to the HTTP side of another node and is this one's to answer.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="PeerUnavailableException">There is no answer; perhaps it was carried out.</exception>
    [ResponseTimeout("00:01:00")]
    ValueTask<byte[]> AnswerAsync(byte[] request);

    /// <summary>Takes nothing more from a node that is gone, and answers when everything that was taken is committed or refused.</summary>
    /// <param name="gone">The node.</param>
    /// <returns>What the node owns, and up to where it is committed.</returns>
    /// <exception cref="PeerUnavailableException">There is no answer.</exception>
    ValueTask<OwnedPartition[]> FenceAsync(NodeId gone);
}
