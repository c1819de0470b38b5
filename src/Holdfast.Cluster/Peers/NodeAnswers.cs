using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Direct;
using Holdfast.Cluster.Fanout;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Sessions;

namespace Holdfast.Cluster.Peers;

/// <summary>Answers other nodes, and this one where it takes the same way.</summary>
internal sealed class NodeAnswers(NodeId self, Action<Heartbeat> hear, ForwardedAppends appends, CommitFanout fanout, DirectRelay relay, NodeFences fences, OwnershipKeeper keeper,
    ClusterSessions sessions, Func<byte[], ValueTask<byte[]>> answer, Action drain)
    : INodeEndpoint
{
    /// <inheritdoc/>
    public ValueTask<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat)
    {
        hear(heartbeat);
        return ValueTask.FromResult(new HeartbeatAnswer(self));
    }

    /// <inheritdoc/>
    public ValueTask<AppendAnswer> AppendAsync(AppendRequest request) => appends.AppendAsync(request);

    /// <inheritdoc/>
    public ValueTask<bool> PushAsync(PushedBatches pushed)
    {
        fanout.Receive(pushed);
        return ValueTask.FromResult(true);
    }

    /// <inheritdoc/>
    public ValueTask<bool> RelayAsync(DirectMessages messages)
    {
        fanout.Sink?.RouteDirect(messages.Records);
        return ValueTask.FromResult(true);
    }

    /// <inheritdoc/>
    public ValueTask<bool> HearInterestAsync(Interest interest) => ValueTask.FromResult(relay.Hear(interest));

    /// <inheritdoc/>
    public ValueTask<ReleaseOutcome> ReleaseAsync(SessionRelease release) => sessions.ReleaseAsync(release.Product, release.ClientId, release.SessionId);

    /// <inheritdoc/>
    public ValueTask<bool> DrainAsync(string node)
    {
        if (node != self.Name)
        {
            return ValueTask.FromResult(false);
        }

        drain();
        return ValueTask.FromResult(true);
    }

    /// <inheritdoc/>
    public async ValueTask<OwnedPartition[]> FenceAsync(NodeId gone)
    {
        await fences.FenceAsync(gone).ConfigureAwait(false);
        return keeper.Owned();
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> AnswerAsync(byte[] request) => answer(request);
}
