using Holdfast.Log.Batches;
using Holdfast.Log.Postgres;
using Holdfast.Log.Postgres.Appending;
using Holdfast.Log.State;

namespace Holdfast.Simulation.World;

/// <summary>A batch as it is stored: which write of the primary it is, who stored it, and what.</summary>
internal sealed record StoredBatch(long Write, string By, int Partition, long BaseOffset, int Count, long Epoch, int Checksum, long LastReceivedAt, byte[] Body)
{
    public long NextOffset => BaseOffset + Count;

    public RecordBatch ToBatch()
    {
        var buffer = BatchBuffers.Rent(Body.Length);
        Body.CopyTo(buffer, 0);
        return new RecordBatch(Partition, BaseOffset, Epoch, Count, LastReceivedAt, buffer, Body.Length);
    }
}

/// <summary>The tables and the statements on them, as docs/adr/0009-cluster.md describes them. Every write can be undone.</summary>
internal sealed class StoreTables(List<Action> undo)
{
    private readonly PartitionHead[] _heads = [.. Enumerable.Range(0, SimulatedWorld.PartitionCount).Select(partition => new PartitionHead(partition, 0, 0, null))];
    private readonly List<StoredBatch>[] _batches = [.. Enumerable.Range(0, SimulatedWorld.PartitionCount).Select(_ => new List<StoredBatch>())];
    private readonly (long Offset, long Epoch)[] _applied = new (long, long)[SimulatedWorld.PartitionCount];
    private readonly Dictionary<(int Partition, string Key), (StoredStream Stream, long Epoch)> _streams = [];
    private readonly HashSet<string> _fenced = [];

    /// <summary>Broken on purpose: an append does not compare the epoch.</summary>
    public bool IgnoresEpochs { get; set; }

    /// <summary>Every raise of an epoch, in its order: who then owned the partition, and where it ended.</summary>
    public List<PartitionHead> Raised { get; } = [];

    public PartitionHead Head(int partition) => _heads[partition];

    public IReadOnlyList<StoredBatch> Batches(int partition) => _batches[partition];

    public PartitionHead[] Heads(short[] partitions) => Array.ConvertAll(partitions, partition => _heads[partition]);

    public bool TryAppend(BatchGroup group, long[] epochs, string by)
    {
        for (var i = 0; i < group.Count; i++)
        {
            var head = _heads[group.Partitions[i]];
            if (head.NextOffset != group.BaseOffsets[i] || (head.Epoch != epochs[i] && !IgnoresEpochs))
            {
                return false;
            }
        }

        for (var i = 0; i < group.Count; i++)
        {
            var partition = group.Partitions[i];
            var batch = new StoredBatch(
                undo.Count + 1, by, partition, group.BaseOffsets[i], group.Counts[i], epochs[i], group.Checksums[i], group.LastReceivedAt[i], group.Bodies[i].ToArray());
            _batches[partition].Add(batch);
            undo.Add(() => _batches[partition].Remove(batch));
            Set(_heads[partition] with { NextOffset = group.NextOffset(i) });
        }

        return true;
    }

    /// <summary>Raises what the owner has, and writes in any case.</summary>
    public PartitionHead[] Raise(short[] partitions, string owner)
    {
        undo.Add(static () => { });
        foreach (var partition in partitions.Where(partition => _heads[partition].Owner == owner))
        {
            RaiseTo(_heads[partition] with { Epoch = _heads[partition].Epoch + 1 });
        }

        return Heads(partitions);
    }

    public bool Has(short partition, long baseOffset, long epoch, int checksum)
        => _batches[partition].Exists(batch => (batch.BaseOffset, batch.Epoch, batch.Checksum) == (baseOffset, epoch, checksum));

    public ClaimedHead? Claim(int partition, string newOwner, long expectedEpoch)
    {
        var head = _heads[partition];
        if (head.Epoch != expectedEpoch && head.Owner != newOwner)
        {
            return null;
        }

        RaiseTo(head with { Epoch = head.Epoch + 1, Owner = newOwner });
        return new ClaimedHead(_heads[partition], 1, long.MaxValue, long.MinValue);
    }

    public List<StoredBatch> Read(int partition, long from, long committed)
        => _batches[partition].FindAll(batch => batch.NextOffset > from && batch.NextOffset <= committed);

    public (long Applied, List<StoredStream> Streams) LoadCheckpoint(int partition)
        => (_applied[partition].Offset, [.. _streams.Values.Select(row => row.Stream).Where(stream => stream.Partition == partition)]);

    /// <summary>What is written under a lower epoch changes nothing.</summary>
    public bool SaveCheckpoint(int partition, long offset, IReadOnlyList<StoredStream> streams, long epoch)
    {
        var before = _applied[partition];
        if (before.Epoch <= epoch)
        {
            _applied[partition] = (Math.Max(before.Offset, offset), epoch);
            undo.Add(() => _applied[partition] = before);
        }

        foreach (var stream in streams)
        {
            var key = (partition, Convert.ToHexString(stream.Key));
            var isThere = _streams.TryGetValue(key, out var row);
            if (isThere && row.Epoch > epoch)
            {
                continue;
            }

            _streams[key] = (stream, epoch);
            undo.Add(() =>
            {
                if (isThere)
                {
                    _streams[key] = row;
                }
                else
                {
                    _streams.Remove(key);
                }
            });
        }

        return true;
    }

    /// <summary>Marks a node as fenced, unless the one who asks is fenced itself.</summary>
    public bool TryFence(string node, string by)
    {
        if (_fenced.Contains(by))
        {
            return false;
        }

        if (_fenced.Add(node))
        {
            undo.Add(() => _fenced.Remove(node));
        }
        else
        {
            // Its commit confirms the one before.
            undo.Add(static () => { });
        }

        return true;
    }

    public string[] Fenced() => [.. _fenced];

    private void RaiseTo(PartitionHead head)
    {
        Set(head);
        Raised.Add(head);
        undo.Add(() => Raised.Remove(head));
    }

    private void Set(PartitionHead head)
    {
        var before = _heads[head.Partition];
        _heads[head.Partition] = head;
        undo.Add(() => _heads[head.Partition] = before);
    }
}
