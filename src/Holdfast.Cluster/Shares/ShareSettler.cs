using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Sessions;
using Holdfast.Log.State;

namespace Holdfast.Cluster.Shares;

/// <summary>
/// Makes what a dead node has kept of shared subscriptions nobody's. Its rows are a second old at most: what was confirmed since is sent again. But messages whose QoS 2 packet identifier was
/// committed since belong to their member's session [MQTT-4.8.2-4]; the log tells which.
/// </summary>
/// <param name="store">The rows.</param>
/// <param name="replays">What dead nodes left.</param>
public sealed class ShareSettler(IClusterShareStore store, CrashReplays replays)
{
    /// <summary>Settles a row, unless somebody else was faster.</summary>
    /// <param name="part">The row as it was found.</param>
    /// <param name="gone">The node that it names.</param>
    /// <param name="host">Names the share.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The node could not be fenced, or the log or the store failed.</exception>
    public async Task SettleAsync(StoredSharePartition part, NodeId gone, IShareHost host, CancellationToken cancellationToken)
    {
        var replay = await replays.OfAsync(gone, cancellationToken).ConfigureAwait(false);

        // Until the node was fenced, it may have changed the row.
        var rows = await store.LoadAsync(part.Product, part.Filter, cancellationToken).ConfigureAwait(false);
        if (rows.FirstOrDefault(row => row.Partition == part.Partition && row.Keeper == gone.ToString()) is { } row)
        {
            var assigned = await replay.AssignedOfAsync(host.HashOf(part.Product, part.Filter), part.Partition, cancellationToken).ConfigureAwait(false);
            await store.SettleAsync(Without(row, assigned), gone.ToString()).ConfigureAwait(false);
        }
    }

    private static StoredSharePartition Without(StoredSharePartition row, IReadOnlySet<long> assigned) => row with
    {
        Unconfirmed = [.. row.Unconfirmed.Where(offset => !assigned.Contains(offset))],
        HandedOut = [.. row.HandedOut.Union(assigned.Where(offset => offset >= row.Position)).Order()],
    };
}
