using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Sessions;
using Holdfast.Log.Postgres;
using Holdfast.Log.State;

namespace Holdfast.Cluster.Ownership;

/// <summary>Fences a node at the database and at every owner of a partition. Owners that claim later read the database.</summary>
internal sealed class NodeFence(
    IClusterSessionStore store, PostgresPartitionLog log, Func<NodeId, INodeEndpoint> endpointOf, Func<IReadOnlyList<NodeId>> nodes, TimeProvider time) : INodeFence
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the owners may take; by then somebody else serves what a dead one has owned.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async ValueTask<long[]> FenceEverywhereAsync(NodeId gone, CancellationToken cancellationToken)
    {
        if (!await store.FenceAsync(gone.ToString()).ConfigureAwait(false))
        {
            throw new IOException($"The node {gone} cannot be fenced: it is not known, or this node is fenced itself.");
        }

        var begin = time.GetTimestamp();
        while (true)
        {
            var ends = await AskAsync(gone, cancellationToken).ConfigureAwait(false);
            if (Array.TrueForAll(ends, end => end >= 0))
            {
                return ends;
            }

            if (time.GetElapsedTime(begin) > Patience)
            {
                throw new IOException($"The node {gone} is not fenced yet: a partition is served by nobody.");
            }

            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Of each partition the end, if its owner refuses the node from now on; else -1.</summary>
    private async Task<long[]> AskAsync(NodeId gone, CancellationToken cancellationToken)
    {
        var ends = new long[log.PartitionCount];
        Array.Fill(ends, -1);
        var asked = nodes().Where(node => node != gone).ToList();
        var answers = await Task.WhenAll(asked.Select(node => AskAsync(node, gone))).ConfigureAwait(false);

        // Read afterwards: who claims a partition from now on finds the fence. Who only believes to own one is not asked.
        foreach (var head in await log.ReadHeadsAsync(cancellationToken).ConfigureAwait(false))
        {
            var owner = asked.FindIndex(node => node.ToString() == head.Owner);
            var owned = owner < 0 ? -1 : Array.FindIndex(answers[owner], one => one.Partition == head.Partition);
            if (owned >= 0)
            {
                ends[head.Partition] = answers[owner][owned].CommittedOffset;
            }
        }

        return ends;
    }

    private async Task<OwnedPartition[]> AskAsync(NodeId node, NodeId gone)
    {
        try
        {
            return await endpointOf(node).FenceAsync(gone).ConfigureAwait(false);
        }
        catch (PeerUnavailableException)
        {
            return [];
        }
    }
}
