using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Cluster.Peers;
using Holdfast.Log.State;

namespace Holdfast.Cluster.Shares;

/// <summary>Looks after shared subscriptions that nobody keeps: settles what dead nodes have kept before the log that tells of it is gone, and removes what nobody subscribes to.</summary>
/// <param name="store">The rows.</param>
/// <param name="settler">Settles.</param>
public sealed class OrphanShares(IClusterShareStore store, ShareSettler settler)
{
    /// <summary>Rows that are handled in one go.</summary>
    private const int RowsAtATime = 256;

    /// <summary>Makes everything nobody's that a dead node has kept.</summary>
    /// <param name="gone">The node.</param>
    /// <param name="host">Names the shares.</param>
    /// <param name="cancellationToken">Ends it between two rows.</param>
    public async Task SettleAsync(NodeId gone, IShareHost host, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredSharePartition> found;
        do
        {
            found = await store.LoadOfAsync(gone.ToString(), RowsAtATime, cancellationToken).ConfigureAwait(false);
            foreach (var part in found)
            {
                await settler.SettleAsync(part, gone, host, cancellationToken).ConfigureAwait(false);
            }
        }
        while (found.Count == RowsAtATime);
    }

    /// <summary>Removes shares that nobody subscribes to any more.</summary>
    public async Task RemoveEndedAsync() => await store.RemoveEndedAsync().ConfigureAwait(false);
}
