using Holdfast.Cluster.Fanout;
using Holdfast.Log.Batches;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>The subscribers of a node: a cursor on each partition, fed by pushed batches and, where some are missing, by the log. As Dispatcher and CatchUp.</summary>
internal sealed class Delivering(Life life)
{
    private readonly MissedBatches _missed = new(SimulatedWorld.PartitionCount);
    private readonly SimulatedStore _store = life.World.Store;
    private bool _isReading;

    /// <summary>Whether there are subscribers yet.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>The next offset of each partition.</summary>
    public long[] Cursor { get; } = new long[SimulatedWorld.PartitionCount];

    /// <summary>Begins as soon as every partition is served by somebody.</summary>
    public async Task RunAsync()
    {
        while (!life.Owners.IsComplete)
        {
            await life.DelayAsync(TimeSpan.FromMilliseconds(20)).ConfigureAwait(false);
        }

        for (var partition = 0; partition < Cursor.Length; partition++)
        {
            Cursor[partition] = life.Log.Ends.Committed(partition);
        }

        HasBegun = true;
        life.World.History.Begins(life, Cursor);
    }

    /// <summary>A batch was committed here.</summary>
    public void Receive(RecordBatch batch)
    {
        life.Log.Ends.Announce(batch.Partition, batch.NextOffset);
        if (HasBegun && !TryDeliver(batch))
        {
            Miss(batch.Partition, batch.NextOffset);
        }
    }

    /// <summary>A batch was committed by another owner.</summary>
    public void Receive(StoredBatch pushed)
    {
        var batch = pushed.ToBatch();
        Receive(batch);
        batch.Release();
    }

    /// <summary>An owner says how far it has committed.</summary>
    public void Hear(int partition, long committed)
    {
        life.Log.Ends.Announce(partition, committed);
        if (HasBegun && _missed.Hear(partition, committed, Cursor[partition]))
        {
            Miss(partition, committed);
        }
    }

    private bool TryDeliver(RecordBatch batch)
    {
        var next = Cursor[batch.Partition];
        if (batch.BaseOffset != next && (batch.NextOffset <= next || life.World.Breakage != Breakage.GapsDelivered))
        {
            return batch.NextOffset <= next;
        }

        Cursor[batch.Partition] = batch.NextOffset;
        life.World.History.Delivered(life, batch);
        return true;
    }

    private void Miss(int partition, long committed)
    {
        _missed.Miss(partition, committed);
        if (!_isReading)
        {
            _isReading = true;
            life.Run(CatchUpAsync);
        }
    }

    private async Task CatchUpAsync()
    {
        for (var partition = 0; partition < Cursor.Length; partition++)
        {
            while (Cursor[partition] < _missed.Target(partition))
            {
                var from = Cursor[partition];
                if (!await ReadAsync(partition, from, life.Log.Ends.Committed(partition)).ConfigureAwait(false))
                {
                    await life.DelayAsync(TimeSpan.FromMilliseconds(200)).ConfigureAwait(false);
                }
                else if (Cursor[partition] == from)
                {
                    break;
                }
            }
        }

        _isReading = false;
    }

    /// <returns>False when the database did not answer.</returns>
    private async Task<bool> ReadAsync(int partition, long from, long committed)
    {
        var read = await _store.RunAsync(life, () => _store.Tables.Read(partition, from, committed)).ConfigureAwait(false);
        read.Value?.ForEach(stored =>
        {
            var batch = stored.ToBatch();
            TryDeliver(batch);
            batch.Release();
        });
        return read.Kind == OutcomeKind.Done;
    }
}
