using Holdfast.Cluster.Peers;
using Holdfast.Log.Commit;
using Holdfast.Log.Postgres;
using Holdfast.Log.State;

namespace Holdfast.Cluster.Ownership;

/// <summary>Makes this node the owner of a partition: the claim, then everything that the owner must know, folded from the last checkpoint and the log.</summary>
internal sealed class PartitionTakeover(
    PostgresPartitionLog log, PostgresClusterCheckpoints checkpoints, GroupCommitter committer, IClusterSessionStore sessions, NodeFences fences)
{
    private const int ReadBytes = 4 * 1024 * 1024;

    /// <summary>Takes a partition.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="expectedEpoch">The epoch on which the decision was based.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when somebody else was faster.</returns>
    public async Task<bool> TryTakeAsync(int partition, long expectedEpoch, CancellationToken cancellationToken)
    {
        var claim = await log.ClaimAsync(partition, log.Owner, expectedEpoch, cancellationToken).ConfigureAwait(false);
        if (!claim.IsGranted)
        {
            return false;
        }

        // After the claim: who fences a node asks the owners after it has written that down.
        foreach (var node in await sessions.LoadNodesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (node.FencedAt is not null && NodeId.TryParse(node.Id, out var id))
            {
                await fences.FenceAsync(id).ConfigureAwait(false);
            }
        }

        var (from, streams) = await checkpoints.LoadPartitionAsync(partition, cancellationToken).ConfigureAwait(false);
        committer.Reset(partition, claim.Head.NextOffset);
        foreach (var stream in streams)
        {
            committer.LoadStream(stream);
        }

        while (from < claim.Head.NextOffset)
        {
            using var read = await log.ReadAsync(partition, from, null, ReadBytes, cancellationToken).ConfigureAwait(false);
            foreach (var batch in read.Batches)
            {
                committer.Replay(batch, from);
            }

            from = read.NextOffset;
        }

        committer.Own(partition);
        return true;
    }
}
