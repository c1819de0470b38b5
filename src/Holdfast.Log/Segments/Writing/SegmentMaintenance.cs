using Holdfast.Log.Partitions;
using Holdfast.Log.Segments.Format;
using Holdfast.Log.Segments.Reading;
using Microsoft.Extensions.Logging;

namespace Holdfast.Log.Segments.Writing;

/// <summary>What happens to segments behind the writer's back, one step at a time: sealing and retention.</summary>
internal sealed class SegmentMaintenance(StoreFiles files, SegmentList list, SegmentIndexes indexes, IndexCache cache, DiskRoom room, SegmentLogOptions options)
{
    private readonly SerialWork _work = new();

    /// <summary>Seals a segment in the background. Until it is done, and if it fails, the index in memory serves.</summary>
    public void Seal(SegmentWriter writer) => _ = _work.Run(() =>
    {
        using (writer)
        {
            return TrySeal(writer.Segment, writer.Seal);
        }
    });

    /// <summary>Reads, or makes again, what is missing about segments that were not closed in order.</summary>
    public void Complete(Segment segment, Segment next) => _ = _work.Run(() =>
    {
        try
        {
            indexes.Ensure(segment, next);
        }
        catch (IOException error)
        {
            options.Logger.LogWarning(error, "Segment {Sequence} could not be indexed.", segment.Sequence);
        }

        return true;
    });

    /// <summary>See <see cref="IPartitionLog.ApplyRetentionAsync"/>.</summary>
    public Task<RetentionResult> ApplyAsync(RetentionPolicy policy, long[] appliedOffsets, CancellationToken cancellationToken)
        => _work.Run(() => Apply(policy, appliedOffsets, cancellationToken));

    /// <summary>Completes when nothing is left to do.</summary>
    public Task WhenIdleAsync() => _work.WhenIdleAsync();

    private bool TrySeal(Segment segment, Action cut)
    {
        try
        {
            cut();
            indexes.Save(segment);
            return true;
        }
        catch (IOException error)
        {
            options.Logger.LogWarning(error, "Segment {Sequence} could not be sealed yet; its index stays in memory.", segment.Sequence);
            return false;
        }
    }

    private RetentionResult Apply(RetentionPolicy policy, long[] appliedOffsets, CancellationToken cancellationToken)
    {
        var byAge = options.TimeProvider.GetUtcNow() - policy.MaximumAge;
        var horizon = (policy.NothingKeptBefore > byAge ? policy.NothingKeptBefore.Value : byAge).ToUnixTimeMilliseconds();
        var removed = 0;
        long bytes = 0;
        while (list.Current is { Length: > 1 } segments && MayRemove(segments, policy, horizon, appliedOffsets))
        {
            cancellationToken.ThrowIfCancellationRequested();
            list.RemoveFirst();
            Remove(segments[0]);
            removed++;
            bytes += segments[0].Bytes;
        }

        if (removed > 0)
        {
            files.System.FlushDirectory(files.Directory);
            options.Logger.LogInformation("Retention removed {Segments} segments, {Bytes} bytes.", removed, bytes);
        }

        SaveWaitingIndexes();
        _ = room.FreeBytes;
        return new RetentionResult(removed, bytes, list.Current[0].BaseOffsets);
    }

    private bool MayRemove(Segment[] segments, RetentionPolicy policy, long horizon, long[] appliedOffsets)
    {
        var next = segments[1].BaseOffsets;
        for (var partition = 0; partition < next.Length; partition++)
        {
            if (next[partition] > appliedOffsets[partition])
            {
                return false;
            }
        }

        return segments.Sum(s => s.Bytes) > policy.MaximumBytes || NewestRecord(segments[0], segments[1]) < horizon;
    }

    private long NewestRecord(Segment segment, Segment next)
    {
        indexes.Ensure(segment, next);
        return segment.Memory?.MaximumReceivedAt ?? segment.Header!.MaximumReceivedAt;
    }

    private void Remove(Segment segment)
    {
        // The data first: an index without data is removed at the next start, data without an index would be read again.
        files.System.Delete(SegmentNames.Segment(files.Directory, segment.Sequence));
        files.System.Delete(SegmentNames.Index(files.Directory, segment.Sequence));
        cache.Remove(segment.Sequence);
    }

    private void SaveWaitingIndexes()
    {
        foreach (var segment in list.Current[..^1])
        {
            if (segment.Memory is not null)
            {
                TrySeal(segment, () => Cut(segment));
            }
        }
    }

    private void Cut(Segment segment)
    {
        using var file = files.System.OpenWrite(SegmentNames.Segment(files.Directory, segment.Sequence));
        file.SetLength(segment.Bytes);
        file.Flush();
    }
}
