using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Shares;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Sessions;

/// <summary>
/// Looks after sessions that are on no node: settles those of dead nodes, publishes wills that are due, ends those that have expired. One node does it, the owner of partition 0; two
/// that both believe to be it do no harm. While it does not run or cannot commit, no time of sessions passes.
/// </summary>
/// <param name="sessions">The sessions.</param>
/// <param name="peers">Tells who is dead.</param>
/// <param name="orphans">Settles.</param>
/// <param name="shares">Settles what dead nodes have kept of shared subscriptions.</param>
/// <param name="isMine">Whether this node is the one, and can commit.</param>
/// <param name="logger">For operators.</param>
public sealed class ClusterTimers(ClusterSessions sessions, ISessionPeers peers, OrphanSettler orphans, OrphanShares shares, Func<bool> isMine, ILogger logger)
{
    /// <summary>How long a dead node is remembered: one that was only asleep, and wakes, is still refused then.</summary>
    public static readonly TimeSpan NodeMemory = TimeSpan.FromDays(1);

    /// <summary>Sessions that are handled in one go.</summary>
    private const int RowsAtATime = 256;

    private const int AtOnce = 32;

    /// <summary>Does what is due now. Failures are logged; the next time makes up for them.</summary>
    /// <param name="cancellationToken">Ends it between two sessions.</param>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!isMine())
        {
            return;
        }

        try
        {
            await sessions.Store.TickAsync().ConfigureAwait(false);
            await SettleOrphansAsync(cancellationToken).ConfigureAwait(false);
            await PublishWillsAsync(cancellationToken).ConfigureAwait(false);
            while (isMine() && !cancellationToken.IsCancellationRequested && await sessions.Store.RemoveExpiredAsync(RowsAtATime).ConfigureAwait(false))
            {
                // There may be more.
            }

            await shares.RemoveEndedAsync().ConfigureAwait(false);
            await sessions.Store.ForgetNodesAsync(NodeMemory).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            logger.LogWarning("Sessions that are on no node wait: {Message}", exception.Message);
        }
    }

    private async Task SettleOrphansAsync(CancellationToken cancellationToken)
    {
        foreach (var node in await sessions.Store.LoadNodesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!(node.HasSessions || node.HasShares) || node.Id == sessions.Store.Node
                || !NodeId.TryParse(node.Id, out var id) || (node.FencedAt is null && !peers.IsGone(id)))
            {
                continue;
            }

            if (node.HasSessions)
            {
                await SettleOrphansAsync(id, cancellationToken).ConfigureAwait(false);
            }

            if (node.HasShares)
            {
                await shares.SettleAsync(id, sessions.Host.Shares, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task SettleOrphansAsync(NodeId gone, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredSession> found;
        do
        {
            found = await sessions.Store.LoadSessionsOfAsync(gone.ToString(), RowsAtATime, cancellationToken).ConfigureAwait(false);
            await Parallel.ForEachAsync(
                found, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                async (session, token) => await orphans.SettleAsync(session, gone, sessions.Host, token).ConfigureAwait(false)).ConfigureAwait(false);
        }
        while (found.Count == RowsAtATime && isMine());
    }

    private async Task PublishWillsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredSession> due;
        var all = true;
        do
        {
            due = await sessions.Store.LoadDueWillsAsync(RowsAtATime, cancellationToken).ConfigureAwait(false);
            await Parallel.ForEachAsync(
                due, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (session, _) =>
                {
                    // Its session and epoch name it: should this node die here, the next one publishes it again, and it is stored once.
                    if (await sessions.Host.PublishWillAsync(session).ConfigureAwait(false))
                    {
                        await sessions.Store.ClearWillAsync(session).ConfigureAwait(false);
                    }
                    else
                    {
                        Volatile.Write(ref all, false);
                    }
                }).ConfigureAwait(false);
        }
        while (due.Count == RowsAtATime && all && isMine());
    }
}
