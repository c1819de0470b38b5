using Holdfast.Cluster.Peers;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>
/// Fences a node as docs/adr/0009-cluster.md says: the mark in the database first; then every owner that the database names afterwards refuses the node, and says how far its partition is committed.
/// Owners that come later read the mark when they claim.
/// </summary>
internal sealed class Fencing(Life life, Life gone)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly SimulatedStore _store = life.World.Store;

    public async Task RunAsync()
    {
        Outcome<bool> marked;
        while ((marked = await _store.RunAsync(life, () => _store.Tables.TryFence(gone.Name, life.Name)).ConfigureAwait(false)).Kind != OutcomeKind.Done)
        {
            await life.DelayAsync(Pause).ConfigureAwait(false);
        }

        if (!marked.Value)
        {
            life.World.Kill(life, "it finds itself fenced");
            return;
        }

        long[]? ends;
        while ((ends = await AskOwnersAsync().ConfigureAwait(false)) is null)
        {
            await life.DelayAsync(Pause).ConfigureAwait(false);
        }

        life.World.History.Fenced(gone, ends);
    }

    /// <returns>Null when not every owner has answered.</returns>
    private async Task<long[]?> AskOwnersAsync()
    {
        if (await life.Log.ReadHeadsAsync().ConfigureAwait(false) is not { } heads)
        {
            return null;
        }

        var ends = new long[heads.Length];
        foreach (var partitions in heads.GroupBy(head => head.Owner))
        {
            if (!NodeId.TryParse(partitions.Key, out var owner) || owner == gone.Id)
            {
                return null;
            }

            var owned = owner == life.Id
                ? await life.Owning.FenceAsync(gone.Id).ConfigureAwait(false)
                : await life.World.Network.AskAsync(life, owner, other => other.Owning.FenceAsync(gone.Id)).ConfigureAwait(false);
            foreach (var head in partitions)
            {
                var served = owned?.FirstOrDefault(one => one.Partition == head.Partition && one.Epoch >= head.Epoch) ?? default;
                if (served.Epoch == 0)
                {
                    return null;
                }

                ends[head.Partition] = served.CommittedOffset;
            }
        }

        return ends;
    }
}
