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
        for (var i = 0; i < sequences.Length; i++)
        {
            if (Load(sequences[i], next, isNewest: IsNewest(sequences, i)) is { } segment)
            {
                segments.Add(segment);
                next = NextOffsets(segment) ?? FollowingBase(sequences, i) ?? ScanForNextOffsets(segment);
            }
        }

        return new Found(segments, next, sequences.Length == 0 ? 1 : sequences[^1] + 1);
    }

    // A crash leaves at most one segment behind that was prepared and is still empty.
    private bool IsNewest(long[] sequences, int place) => sequences.AsSpan(place + 1).ToArray().All(IsEmpty);

    private bool IsEmpty(long sequence)
        => IndexFile.TryReadHeader(files.System, files.Directory, files.Salt, sequence, files.PartitionCount) is null
            && ReadBaseOffsets(sequence) is null
            && Scan(sequence, new long[files.PartitionCount]).DataEnd == 0;

    private Segment? Load(long sequence, long[] expectedBase, bool isNewest)
    {
        var header = IndexFile.TryReadHeader(files.System, files.Directory, files.Salt, sequence, files.PartitionCount);
        if (header is not null)
        {
            return new Segment(sequence, [.. header.Sections.Select(s => s.FirstOffset)]) { Header = header, Bytes = header.DataEnd };
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
        var path = SegmentNames.Segment(files.Directory, segment.Sequence);
        using (var file = files.System.OpenWrite(path))
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

        files.System.Delete(path);
        files.System.FlushDirectory(files.Directory);
        return null;
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
        segment.Memory = Scan(segment.Sequence, segment.BaseOffsets).Index;
        return segment.Memory.NextOffsets();
    }

    private RecoveredSegment Scan(long sequence, long[] baseOffsets)
    {
        var segment = new Segment(sequence, baseOffsets);
        using var file = files.OpenSegment(segment);
        return SegmentRecovery.RecoverNewest(file, files.Salt, segment);
    }

    private long[]? ReadBaseOffsets(long sequence)
    {
        using var file = files.System.OpenRead(SegmentNames.Segment(files.Directory, sequence));
        var bytes = new byte[SegmentHeader.Size(files.PartitionCount)];
        return file.Read(bytes, 0) == bytes.Length ? SegmentHeader.TryRead(bytes, files.Salt, sequence, files.PartitionCount) : null;
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
