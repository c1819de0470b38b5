using Holdfast.Log.Segments.Files;
using Holdfast.Log.Segments.Format;
using Holdfast.Log.Segments.Indexes;
using Microsoft.Extensions.Logging;

namespace Holdfast.Log.Segments.Recovery;

/// <summary>
/// Finds out what a directory holds. Only the newest segment is ever scanned, and only after a crash; of all others a short header is read.
/// Every start begins a new segment, so a file that was once closed is never written to again.
/// </summary>
internal sealed class StoreOpener(StoreFiles files, DamageReport damage, ILogger logger)
{
    /// <summary>What was found.</summary>
    /// <param name="Segments">The sealed segments, oldest first.</param>
    /// <param name="NextOffsets">Where each partition goes on.</param>
    /// <param name="NextSequence">The number of the next segment.</param>
    internal sealed record Found(List<Segment> Segments, long[] NextOffsets, long NextSequence);

    /// <summary>Reads or makes the description of the store.</summary>
    /// <exception cref="StoreUnusableException">The directory holds another store than the options say.</exception>
    public static StoreMetadata OpenMetadata(ISegmentFileSystem system, SegmentLogOptions options)
    {
        var metadata = StoreMetadata.TryLoad(system, options.Directory);
        if (metadata is null)
        {
            if (system.List(options.Directory).Any(name => SegmentNames.SequenceOfSegment(name) is not null))
            {
                throw new StoreUnusableException(
                    $"{options.Directory} holds segments but no file '{SegmentNames.Metadata}', without which they cannot be read. Restore that file.");
            }

            metadata = StoreMetadata.New(options.PartitionCount);
            metadata.Save(system, options.Directory);
        }

        if (metadata.PartitionCount != options.PartitionCount)
        {
            throw new StoreUnusableException(
                $"The log in {options.Directory} was made with {metadata.PartitionCount} partitions and cannot be opened with {options.PartitionCount}.");
        }

        return metadata;
    }

    /// <summary>Looks at every segment and recovers the newest.</summary>
    public Found Open()
    {
        var names = files.System.List(files.Directory);
        var sequences = names.Select(SegmentNames.SequenceOfSegment).OfType<long>().Order().ToArray();
        RemoveLeftovers(names, sequences);

        var segments = new List<Segment>();
        var next = new long[files.PartitionCount];
        // A crash may leave segments behind the newest that were prepared and are still empty.
        var newest = Array.FindLast(sequences, sequence => !IsUnused(sequence));
        for (var i = 0; i < sequences.Length; i++)
        {
            if (Load(sequences[i], next, isNewest: sequences[i] == newest) is { } segment)
            {
                segments.Add(segment);
                next = NextOffsets(segment) ?? FollowingBase(sequences, i) ?? ScanForNextOffsets(segment);
            }
        }

        return new Found(segments, next, sequences.Length == 0 ? 1 : sequences[^1] + 1);
    }

    /// <summary>Whether nothing in a segment was ever acknowledged: its header is flushed together with the first group.</summary>
    private bool IsUnused(long sequence) => !ReadStart(sequence).AsSpan().ContainsAnyExcept((byte)0);

    private Segment? Load(long sequence, long[] expectedBase, bool isNewest)
    {
        var header = IndexFile.TryReadHeader(files.System, files.Directory, files.Salt, sequence, files.PartitionCount);
        if (header is not null)
        {
            return new Segment(sequence, [.. header.Sections.Select(s => s.FirstOffset)]) { Header = header, Bytes = header.DataEnd };
        }

        if (IsUnused(sequence))
        {
            Remove(sequence);
            return null;
        }

        var segment = new Segment(sequence, ReadBaseOffsets(sequence) ?? expectedBase);
        if (!isNewest)
        {
            using var file = files.OpenSegment(segment);
            segment.Bytes = file.Length;
            return segment;
        }

        return Recover(segment);
    }

    private Segment? Recover(Segment segment)
    {
        using (var file = files.System.OpenWrite(SegmentNames.Segment(files.Directory, segment.Sequence)))
        {
            var recovered = SegmentRecovery.RecoverNewest(file, files.Salt, segment);
            if (recovered.CutBytes > 0 || recovered.TornBatches > 0)
            {
                logger.LogWarning(
                    "The last write to the log was interrupted: {Bytes} bytes were cut at {Place}; {Batches} batches of it were not complete. Nothing of this was acknowledged, unless the disk changed it afterwards.",
                    recovered.CutBytes, StoreFiles.Place(segment.Sequence, recovered.DataEnd), recovered.TornBatches);
            }

            if (recovered.DataEnd > 0)
            {
                // The flush also makes those batches durable that were only in the system's memory when the process died.
                file.SetLength(recovered.DataEnd);
                file.Flush();
                SegmentRecovery.ReportDamage(segment, recovered.Index, damage);
                segment.Bytes = recovered.DataEnd;
                segment.Memory = recovered.Index;
                TrySave(segment);
                return segment;
            }
        }

        Remove(segment.Sequence);
        return null;
    }

    private void Remove(long sequence)
    {
        files.System.Delete(SegmentNames.Segment(files.Directory, sequence));
        files.System.FlushDirectory(files.Directory);
    }

    private void TrySave(Segment segment)
    {
        try
        {
            var index = segment.Memory!;
            segment.Header = IndexFile.Write(files.System, files.Directory, files.Salt, segment.Sequence, segment.Bytes, segment.BaseOffsets, index);
            segment.Memory = null;
        }
        catch (IOException error)
        {
            logger.LogWarning(error, "The index of segment {Sequence} could not be written; it stays in memory.", segment.Sequence);
        }
    }

    private static long[]? NextOffsets(Segment segment)
        => segment.Header is { } header ? [.. header.Sections.Select(s => s.NextOffset)] : segment.Memory?.NextOffsets();

    private long[]? FollowingBase(long[] sequences, int place)
    {
        if (place + 1 >= sequences.Length)
        {
            return null;
        }

        var header = IndexFile.TryReadHeader(files.System, files.Directory, files.Salt, sequences[place + 1], files.PartitionCount);
        return header is not null ? [.. header.Sections.Select(s => s.FirstOffset)] : ReadBaseOffsets(sequences[place + 1]);
    }

    private long[] ScanForNextOffsets(Segment segment)
    {
        using var file = files.OpenSegment(segment);
        segment.Memory = SegmentRecovery.RecoverNewest(file, files.Salt, segment).Index;
        return segment.Memory.NextOffsets();
    }

    private long[]? ReadBaseOffsets(long sequence)
        => SegmentHeader.TryRead(ReadStart(sequence), files.Salt, sequence, files.PartitionCount);

    private byte[] ReadStart(long sequence)
    {
        using var file = files.System.OpenRead(SegmentNames.Segment(files.Directory, sequence));
        var bytes = new byte[SegmentHeader.Size(files.PartitionCount)];
        return bytes[..file.Read(bytes, 0)];
    }

    private void RemoveLeftovers(IReadOnlyList<string> names, long[] sequences)
    {
        foreach (var name in names)
        {
            var isUnfinished = name.EndsWith(AtomicFile.TemporaryEnding, StringComparison.Ordinal);
            var finished = isUnfinished ? name[..^AtomicFile.TemporaryEnding.Length] : name;
            if (SegmentNames.SequenceOfIndex(finished) is { } sequence && (isUnfinished || !sequences.Contains(sequence)))
            {
                files.System.Delete(Path.Combine(files.Directory, name));
            }
        }
    }
}
