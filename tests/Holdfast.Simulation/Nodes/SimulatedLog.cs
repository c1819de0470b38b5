using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres;
using Holdfast.Log.Postgres.Appending;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>The log as a node uses it: what PostgresPartitionLog does, with the same parts, on the simulated database.</summary>
internal sealed class SimulatedLog(Life life) : IFenceDatabase
{
    private readonly Turns _writing = new();
    private readonly SimulatedStore _store = life.World.Store;

    public PartitionEnds Ends { get; } = new(SimulatedWorld.PartitionCount);

    public bool IsOwned(int partition) => Ends.Epoch(partition) != 0;

    public async Task<AppendStatus> AppendAsync(RecordBatch[] batches)
    {
        if (!Ends.Verify(batches))
        {
            return AppendStatus.Fenced;
        }

        var group = BatchGroup.Take(batches);
        await _writing.EnterAsync().ConfigureAwait(false);
        try
        {
            var epochs = Ends.Epochs(group.Partitions);
            var append = new FencedAppend(this, life.Name, requiresStandby: false, (attempt, _, _) => new ValueTask(life.DelayAsync(Backoff.Before(attempt))));
            var result = await append.RunAsync(group, epochs).ConfigureAwait(false);
            Ends.Adopt(group, epochs, result);
            return result.Status;
        }
        finally
        {
            _writing.Leave();
        }
    }

    /// <returns>The head; null when somebody else was faster.</returns>
    public async Task<PartitionHead?> ClaimAsync(int partition, long expectedEpoch)
    {
        await _writing.EnterAsync().ConfigureAwait(false);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var claim = await _store.RunAsync(life, () => _store.Tables.Claim(partition, life.Name, expectedEpoch)).ConfigureAwait(false);
                if (claim is { Kind: OutcomeKind.Done, Value: { } claimed })
                {
                    Ends.Claimed(claimed, own: true, newestSegment: 1);
                    return claimed.Head;
                }

                var against = await ReadAsync([(short)partition]).ConfigureAwait(false);
                if (claim.Kind == OutcomeKind.Done && against is { Kind: OutcomeKind.Done, Value: [var head] } && head.Epoch != expectedEpoch)
                {
                    return null;
                }

                await life.DelayAsync(Backoff.Before(attempt)).ConfigureAwait(false);
            }
        }
        finally
        {
            _writing.Leave();
        }
    }

    /// <returns>Null when the database does not answer.</returns>
    public async Task<PartitionHead[]?> ReadHeadsAsync()
    {
        await _writing.EnterAsync().ConfigureAwait(false);
        var read = await ReadAsync([.. Enumerable.Range(0, SimulatedWorld.PartitionCount).Select(partition => (short)partition)]).ConfigureAwait(false);
        _writing.Leave();
        return read.Value;
    }

    public ValueTask<Outcome<AppendAnswer>> AppendAsync(BatchGroup group, long[] epochs)
    {
        var sent = epochs.ToArray();

        // Never given back: the statement may be carried out long after.
        group.Use();
        return _store.IsFull
            ? ValueTask.FromResult(new Outcome<AppendAnswer>(OutcomeKind.Full))
            : new ValueTask<Outcome<AppendAnswer>>(_store.RunAsync(life, () => new AppendAnswer(_store.Tables.TryAppend(group, sent, life.Name), 1, "standby")));
    }

    public ValueTask<Outcome<PartitionHead[]>> RaiseAsync(short[] partitions, string owner)
        => life.World.Breakage == Breakage.ResolvedByReading
            ? ReadAsync(partitions)
            : new ValueTask<Outcome<PartitionHead[]>>(_store.RunAsync(life, () => _store.Tables.Raise(partitions, owner)));

    public ValueTask<Outcome<PartitionHead[]>> ReadAsync(short[] partitions)
        => new(_store.RunAsync(life, () => _store.Tables.Heads(partitions)));

    public ValueTask<Outcome<bool>> HasBatchAsync(short partition, long baseOffset, long epoch, int checksum)
        => new(_store.RunAsync(life, () => _store.Tables.Has(partition, baseOffset, epoch, checksum)));
}
