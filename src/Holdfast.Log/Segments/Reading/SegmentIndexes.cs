using Holdfast.Log.Segments.Indexes;
using Holdfast.Log.Segments.Recovery;
using Microsoft.Extensions.Logging;

namespace Holdfast.Log.Segments.Reading;

/// <summary>Gives readers the index of a segment, wherever it is: in memory, in its file, or lost and to be made again.</summary>
internal sealed class SegmentIndexes(StoreFiles files, IndexCache cache, DamageReport damage, ILogger logger)
{
    /// <summary>The index of one partition in a segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="next">The segment that follows; null for the newest, whose index is in memory.</param>
    /// <param name="partition">The partition.</param>
    /// <exception cref="FileNotFoundException">The segment was removed.</exception>
    public IPartitionIndex Get(Segment segment, Segment? next, int partition)
    {
        if (segment.Memory is { } memory)
        {
            return memory[partition];
        }

        if (cache.TryGet(segment.Sequence, partition) is { } cached)
        {
            return cached;
        }

        if (segment.Header is { } header && IndexFile.TryReadSection(files.System, files.Directory, header, partition) is { } section)
        {
            cache.Add(segment.Sequence, partition, section);
            return section;
        }

        return Rebuild(segment, next!)[partition];
    }

    /// <summary>Writes the index of a sealed segment from memory, and gives the memory up.</summary>
    /// <param name="segment">The segment; its file was cut to its data and flushed.</param>
    public void Save(Segment segment)
    {
        lock (segment.IndexLock)
        {
            if (segment.Memory is { } index)
            {
                segment.Header = IndexFile.Write(files.System, files.Directory, files.Salt, segment.Sequence, segment.Bytes, segment.BaseOffsets, index);
                segment.Memory = null;
            }
        }
    }

    /// <summary>Reads the header of a segment's index, or makes the index again.</summary>
    public void Ensure(Segment segment, Segment next)
    {
        if (segment.Header is null && segment.Memory is null)
        {
            Rebuild(segment, next);
        }
    }

    private MemorySegmentIndex Rebuild(Segment segment, Segment next)
    {
        lock (segment.IndexLock)
        {
            if (segment.Memory is { } made)
            {
                return made;
            }

            using var file = files.OpenSegment(segment);
            logger.LogWarning("The index of segment {Sequence} is missing or damaged; it is made again from the data.", segment.Sequence);
            var recovered = SegmentRecovery.Rebuild(file, files.Salt, segment, next.BaseOffsets);
            SegmentRecovery.ReportDamage(segment, recovered.Index, damage);
            segment.Bytes = recovered.DataEnd;
            segment.Memory = recovered.Index;
            TrySave(segment);
            return recovered.Index;
        }
    }

    private void TrySave(Segment segment)
    {
        try
        {
            Save(segment);
        }
        catch (IOException error)
        {
            logger.LogWarning(error, "The index of segment {Sequence} could not be written; it stays in memory.", segment.Sequence);
        }
    }
}
