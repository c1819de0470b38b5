using Holdfast.Log.Partitions;
using Holdfast.Log.Segments.Indexes;
using Holdfast.Log.Segments.Writing;

namespace Holdfast.Log.Segments.Reading;

/// <summary>Reads a partition across its segments. Batches come from the tail cache where it has them, else from the files.</summary>
internal sealed class SegmentReader(StoreFiles files, SegmentList list, SegmentIndexes indexes, TailCache tail, DamageReport damage)
{
    /// <summary>Reads batches.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="fromOffset">The first offset wanted.</param>
    /// <param name="committed">Where the log ends for this read.</param>
    /// <param name="keys">The keys wanted, or null.</param>
    /// <param name="maximumBytes">Stop after the batch that reaches this.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public LogRead Read(
        int partition, long fromOffset, long committed, IReadOnlySet<ulong>? keys, int maximumBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            var segments = list.Current;
            try
            {
                return Read(segments, partition, fromOffset, committed, keys, maximumBytes, cancellationToken);
            }
            catch (FileNotFoundException) when (list.Current != segments)
            {
                // Retention removed a segment under the read: what it held is a trimmed gap now.
            }
        }
    }

    private LogRead Read(
        Segment[] segments, int partition, long fromOffset, long committed, IReadOnlySet<ulong>? keys, int maximumBytes, CancellationToken cancellationToken)
    {
        var progress = new ReadProgress(partition, fromOffset, maximumBytes);
        try
        {
            var first = segments[0].BaseOffsets[partition];
            if (fromOffset < first)
            {
                progress.TryAddGap(fromOffset, first, LogGapReason.Trimmed, string.Empty);
            }

            for (var i = FindSegment(segments, partition, progress.NextOffset); i < segments.Length && progress.NextOffset < committed; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var end = i + 1 < segments.Length ? Math.Min(segments[i + 1].BaseOffsets[partition], committed) : committed;
                if (progress.NextOffset < end && !ReadSegmentIfThere(segments, i, partition, end, keys, progress))
                {
                    break;
                }
            }

            return progress.ToResult();
        }
        catch
        {
            progress.Abandon();
            throw;
        }
    }

    private static int FindSegment(Segment[] segments, int partition, long offset)
    {
        var low = 0;
        var high = segments.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (segments[middle].BaseOffsets[partition] <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private static List<int>? Matching(IPartitionIndex index, IReadOnlySet<ulong>? keys, int first, int count)
    {
        if (keys is null)
        {
            return null;
        }

        var found = new List<int>();
        index.Find(keys, first, found);
        found.Sort();
        var distinct = new List<int>(found.Count);
        foreach (var ordinal in found)
        {
            // The index may know of a batch already that is not committed yet.
            if (ordinal < count && (distinct.Count == 0 || distinct[^1] != ordinal))
            {
                distinct.Add(ordinal);
            }
        }

        return distinct;
    }

    private bool ReadSegmentIfThere(Segment[] segments, int place, int partition, long end, IReadOnlySet<ulong>? keys, ReadProgress progress)
    {
        var segment = segments[place];
        try
        {
            return ReadSegment(segment, place + 1 < segments.Length ? segments[place + 1] : null, partition, end, keys, progress);
        }
        catch (FileNotFoundException) when (list.Current == segments)
        {
            var from = progress.NextOffset;
            damage.Report(segment.Sequence, 0, partition, segment.BaseOffsets[partition], end, "the file is gone");
            return progress.TryAddGap(from, end, LogGapReason.Damaged, StoreFiles.Place(segment.Sequence, 0));
        }
    }

    private bool ReadSegment(Segment segment, Segment? next, int partition, long end, IReadOnlySet<ulong>? keys, ReadProgress progress)
    {
        var index = indexes.Get(segment, next, partition);
        var count = index.Count;
        var first = index.FirstOrdinal(progress.NextOffset);
        var matching = Matching(index, keys, first, count);
        BatchEntry? At(int i) => matching is null
            ? first + i < count ? index[first + i] : null
            : i < matching.Count ? index[matching[i]] : null;

        using var file = new BatchFile(files, segment);
        for (var i = 0; At(i) is { } entry && entry.BaseOffset < end; i++)
        {
            if (progress.IsFull)
            {
                return false;
            }

            var place = i;
            if (!TryTake(segment, file, partition, entry, ahead => At(place + ahead), progress))
            {
                return false;
            }
        }

        return ReachEnd(segment, index, count, partition, end, progress);
    }

    private bool TryTake(Segment segment, BatchFile file, int partition, in BatchEntry entry, Func<int, BatchEntry?> upcoming, ReadProgress progress)
    {
        var isReadable = !entry.Flags.HasFlag(BatchEntryFlags.Unreadable);
        var batch = isReadable ? tail.TryGet(partition, entry.BaseOffset) ?? file.TryRead(partition, entry, upcoming) : null;
        if (batch is not null)
        {
            progress.Add(batch);
            return true;
        }

        damage.Report(segment.Sequence, entry.Position, partition, entry.BaseOffset, entry.NextOffset, "the checksum does not match");
        var from = Math.Max(progress.NextOffset, entry.BaseOffset);
        return progress.TryAddGap(from, entry.NextOffset, LogGapReason.Damaged, StoreFiles.Place(segment.Sequence, entry.Position));
    }

    private bool ReachEnd(Segment segment, IPartitionIndex index, int count, int partition, long end, ReadProgress progress)
    {
        var indexed = count == 0 ? segment.BaseOffsets[partition] : index[count - 1].NextOffset;
        if (indexed < end)
        {
            damage.Report(segment.Sequence, segment.Bytes, partition, indexed, end, "the records are not in the file");
            return progress.TryAddGap(Math.Max(progress.NextOffset, indexed), end, LogGapReason.Damaged, StoreFiles.Place(segment.Sequence, segment.Bytes));
        }

        progress.NextOffset = Math.Max(progress.NextOffset, end);
        return true;
    }
}
