using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres.Appending;
using Holdfast.Log.Postgres.Segments;

namespace Holdfast.Log.Postgres;

/// <summary>Where each partition ends as far as this process knows, and under which epoch it may append. One thread writes, any number read.</summary>
internal sealed class PartitionEnds(int partitionCount)
{
    private readonly long[] _committed = new long[partitionCount];
    private readonly long[] _epochs = new long[partitionCount];

    // Where the owned partitions end by what this process has appended itself.
    private readonly long[] _own = new long[partitionCount];

    // Of the newest segment that is known. What others append is not known, so of their partitions it is any time.
    private readonly ReceivedTimes[] _times = [.. Enumerable.Repeat(ReceivedTimes.Any, partitionCount)];

    public long Committed(int partition) => Volatile.Read(ref _committed[partition]);

    /// <summary>0 when the partition is not owned.</summary>
    public long Epoch(int partition) => Volatile.Read(ref _epochs[partition]);

    public long[] Epochs(short[] partitions) => Array.ConvertAll(partitions, partition => _epochs[partition]);

    public void Announce(int partition, long committedOffset)
    {
        var known = Committed(partition);
        while (known < committedOffset)
        {
            var seen = Interlocked.CompareExchange(ref _committed[partition], committedOffset, known);
            if (seen == known)
            {
                return;
            }

            known = seen;
        }
    }

    /// <summary>A claim was granted, to this process or to another.</summary>
    /// <param name="claimed">The head.</param>
    /// <param name="own">Whether to this process.</param>
    /// <param name="newestSegment">The newest segment that is known.</param>
    public void Claimed(ClaimedHead claimed, bool own, long newestSegment)
    {
        var head = claimed.Head;
        Volatile.Write(
            ref _times[head.Partition],
            own && claimed.Segment == newestSegment ? new ReceivedTimes(claimed.FirstReceivedAt, claimed.LastReceivedAt) : ReceivedTimes.Any);

        // Not only ever forwards: where asynchronous replication is accepted, a fail-over may have lost the end.
        Volatile.Write(ref _committed[head.Partition], head.NextOffset);
        _own[head.Partition] = head.NextOffset;
        Volatile.Write(ref _epochs[head.Partition], own ? head.Epoch : 0);
    }

    /// <summary>The times of receipt in the newest segment that is known.</summary>
    public ReceivedTimes Times(int partition) => Volatile.Read(ref _times[partition]);

    /// <summary>A newer segment became known: of partitions that have nothing in it yet the times begin anew.</summary>
    public void BeginSegment(long[] baseOffsets)
    {
        for (var partition = 0; partition < baseOffsets.Length; partition++)
        {
            if (Epoch(partition) != 0 && Committed(partition) == baseOffsets[partition])
            {
                Volatile.Write(ref _times[partition], ReceivedTimes.None);
            }
        }
    }

    /// <summary>Takes over what an append came to.</summary>
    public void Adopt(BatchGroup group, long[] epochs, AppendResult result)
    {
        for (var i = 0; i < group.Count; i++)
        {
            var partition = group.Partitions[i];
            if (result.Status == AppendStatus.Appended)
            {
                // Before the offset, so that who sees the records sees their times.
                Volatile.Write(ref _times[partition], _times[partition].With(group.FirstReceivedAt[i], group.LastReceivedAt[i]));
                Announce(partition, group.NextOffset(i));
                _own[partition] = group.NextOffset(i);
            }

            if (result.Lost.Contains(partition))
            {
                Volatile.Write(ref _times[partition], ReceivedTimes.Any);
            }

            Volatile.Write(ref _epochs[partition], result.Lost.Contains(partition) ? 0 : epochs[i]);
        }
    }

    /// <summary>Checks that a group continues its partitions. One that another owner is known to have continued is not owned any more.</summary>
    /// <returns>False when one of them is not owned.</returns>
    /// <exception cref="ArgumentException">It does not.</exception>
    public bool Verify(ReadOnlySpan<RecordBatch> group)
    {
        var owned = true;
        for (var i = 0; i < group.Length; i++)
        {
            var batch = group[i];
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)batch.Partition, (uint)partitionCount, nameof(group));
            if (Committed(batch.Partition) > _own[batch.Partition])
            {
                Volatile.Write(ref _epochs[batch.Partition], 0);
            }

            owned &= Epoch(batch.Partition) != 0;
            var isSecond = false;
            for (var j = 0; j < i; j++)
            {
                isSecond |= group[j].Partition == batch.Partition;
            }

            if (batch.Count < 1 || isSecond || (Epoch(batch.Partition) != 0 && batch.BaseOffset != _own[batch.Partition]))
            {
                throw new ArgumentException(
                    $"Partition {batch.Partition}: a batch of {batch.Count} begins at {batch.BaseOffset}; one batch is expected, at {_own[batch.Partition]}.",
                    nameof(group));
            }
        }

        return owned;
    }
}
