using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;

namespace Holdfast.Log.TestKit;

/// <summary>One partition of <see cref="MemoryPartitionLog"/>. The log's lock guards it.</summary>
internal sealed class MemoryPartition(int partition)
{
    private readonly List<RecordBatch> _batches = [];
    private readonly List<(long From, long To)> _damage = [];
    private readonly HashSet<long> _reported = [];

    public long FirstOffset { get; private set; }

    public long CommittedOffset { get; private set; }

    public void Verify(RecordBatch batch)
    {
        if (batch.BaseOffset != CommittedOffset)
        {
            throw new ArgumentException($"Partition {partition}: a batch begins at {batch.BaseOffset}, the committed offset is {CommittedOffset}.");
        }
    }

    public void Add(RecordBatch batch)
    {
        if (!batch.TryAddReference())
        {
            throw new ArgumentException($"Partition {partition}: the batch at {batch.BaseOffset} was released before it was appended.");
        }

        _batches.Add(batch);
        CommittedOffset = batch.NextOffset;
    }

    public void RemoveFirst()
    {
        var batch = _batches[0];
        _batches.RemoveAt(0);
        FirstOffset = batch.NextOffset;
        batch.Release();
    }

    public IReadOnlyList<RecordBatch> RemoveBefore(long firstOffset)
    {
        var removed = _batches.TakeWhile(b => b.NextOffset <= firstOffset).ToArray();
        foreach (var _ in removed)
        {
            RemoveFirst();
        }

        return removed;
    }

    public void Damage(long fromOffset, long toOffset) => _damage.Add((fromOffset, toOffset));

    public OffsetRange FindReceived(long fromMilliseconds, long toMilliseconds)
    {
        var first = _batches.Find(b => b.LastReceivedAtMilliseconds >= fromMilliseconds)?.BaseOffset ?? CommittedOffset;
        var last = _batches.FindLast(b => OldestReceivedAt(b) < toMilliseconds)?.NextOffset ?? FirstOffset;
        return new OffsetRange(first, Math.Max(first, last));
    }

    public LogRead Read(long fromOffset, IReadOnlySet<ulong>? keys, int maximumBytes, ref long damagedRecords)
    {
        LogGap? gap = null;
        var found = new List<RecordBatch>();
        var bytes = 0;
        var next = Math.Min(fromOffset, CommittedOffset);
        if (next < FirstOffset)
        {
            gap = new LogGap(partition, next, FirstOffset, LogGapReason.Trimmed, string.Empty);
            next = FirstOffset;
        }

        foreach (var batch in _batches.SkipWhile(b => b.NextOffset <= next))
        {
            if (found.Count > 0 && bytes >= maximumBytes)
            {
                break;
            }

            if (keys is not null && !HoldsAny(batch, keys))
            {
                next = batch.NextOffset;
                continue;
            }

            if (IsDamaged(batch))
            {
                if (found.Count > 0 || (gap is not null && (gap.Reason != LogGapReason.Damaged || gap.ToOffset != batch.BaseOffset)))
                {
                    break;
                }

                Report(batch, ref damagedRecords);
                gap = new LogGap(partition, gap?.FromOffset ?? next, batch.NextOffset, LogGapReason.Damaged, "memory @ " + batch.BaseOffset);
                next = batch.NextOffset;
                continue;
            }

            batch.TryAddReference();
            found.Add(batch);
            bytes += batch.Body.Length;
            next = batch.NextOffset;
        }

        return new LogRead { Batches = found, NextOffset = next, Gap = gap };
    }

    private static long OldestReceivedAt(RecordBatch batch)
    {
        var oldest = long.MaxValue;
        foreach (var record in batch)
        {
            oldest = Math.Min(oldest, record.ReceivedAtMilliseconds);
        }

        return oldest;
    }

    private static bool HoldsAny(RecordBatch batch, IReadOnlySet<ulong> keys)
    {
        foreach (var record in batch)
        {
            if (keys.Contains(record.KeyHash))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsDamaged(RecordBatch batch) => _damage.Exists(d => d.From < batch.NextOffset && d.To > batch.BaseOffset);

    private void Report(RecordBatch batch, ref long damagedRecords)
    {
        if (_reported.Add(batch.BaseOffset))
        {
            damagedRecords += batch.Count;
        }
    }
}
