using Holdfast.Log.Segments.Files;
using Holdfast.Log.Segments.Format;
using Holdfast.Log.Segments.Indexes;
using Holdfast.Log.Segments.Reading;

namespace Holdfast.Log.Segments.Recovery;

// What happens to the end of a segment that was not closed in order.
//
// Only its last group can be incomplete: a group is written after the one before it was flushed. Whether that last group was acknowledged
// nobody can say, so every batch of it that is whole is kept (an event that was stored but not acknowledged is allowed, the opposite is
// not), whether or not its neighbours are: each belongs to a partition of its own. A batch of it that is not whole is
//   - torn, when it is cut short or has a sector of zeros where the file was prepared with zeros: it was never acknowledged; its offsets
//     are given again, and when nothing whole follows the file is cut there;
//   - damaged, when all of its sectors were written and the checksum still does not match: its offsets stay taken and are reported.
// Bytes that are no batch behind the last batch are the start of a write that was interrupted: they are cut.
// Damage before the last group is never cut: its offsets stay taken and are reported.

/// <summary>Makes the index of a segment that has none by reading all of it.</summary>
internal static class SegmentRecovery
{
    private const int SectorBytes = 512;

    /// <summary>Scans the newest segment after a crash.</summary>
    /// <param name="file">The file.</param>
    /// <param name="salt">The store's salt.</param>
    /// <param name="segment">The segment.</param>
    public static RecoveredSegment RecoverNewest(ISegmentFile file, uint salt, Segment segment)
    {
        var scan = SegmentScan.Run(file, salt, segment);
        var torn = 0;
        foreach (var damaged in StillMissing(scan))
        {
            if (damaged.GroupPosition == scan.Last!.Value.GroupPosition && IsTorn(file, damaged))
            {
                torn++;
                continue;
            }

            scan.Index[damaged.Partition].AddUnreadable(damaged.NextOffset, damaged.Position);
        }

        var end = EndOfKept(scan);
        var written = Math.Max(scan.JunkEnd, scan.Damaged.Count == 0 ? 0 : Math.Min(scan.Damaged[^1].End, (int)file.Length));
        return new RecoveredSegment(scan.Index, end, Math.Max(0, written - end), torn);
    }

    /// <summary>Scans a segment that others follow, whose index file is lost.</summary>
    /// <param name="file">The file.</param>
    /// <param name="salt">The store's salt.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="nextOffsets">The base offsets of the segment that follows.</param>
    public static RecoveredSegment Rebuild(ISegmentFile file, uint salt, Segment segment, long[] nextOffsets)
    {
        var scan = SegmentScan.Run(file, salt, segment);
        foreach (var damaged in StillMissing(scan))
        {
            // What the next segment begins with was given up when this one was recovered.
            if (damaged.NextOffset <= nextOffsets[damaged.Partition])
            {
                scan.Index[damaged.Partition].AddUnreadable(damaged.NextOffset, damaged.Position);
            }
        }

        return new RecoveredSegment(scan.Index, EndOfKept(scan), 0, 0);
    }

    /// <summary>Reports every range that is known to be damaged.</summary>
    public static void ReportDamage(Segment segment, MemorySegmentIndex index, DamageReport report)
    {
        for (var partition = 0; partition < index.PartitionCount; partition++)
        {
            for (var i = 0; i < index[partition].Count; i++)
            {
                var entry = index[partition][i];
                if (entry.Flags.HasFlag(BatchEntryFlags.Unreadable))
                {
                    report.Report(segment.Sequence, entry.Position, partition, entry.BaseOffset, entry.NextOffset, "found when the segment was scanned");
                }
            }
        }
    }

    private static IEnumerable<BatchHeader> StillMissing(SegmentScan scan)
        => scan.Damaged.Where(d => d.NextOffset > scan.Index[d.Partition].NextOffset);

    private static int EndOfKept(SegmentScan scan)
    {
        var end = scan.LastWhole?.End ?? 0;
        foreach (var damaged in scan.Damaged)
        {
            if (damaged.End > end && scan.Index[damaged.Partition].NextOffset >= damaged.NextOffset)
            {
                end = damaged.End;
            }
        }

        return end;
    }

    private static bool IsTorn(ISegmentFile file, in BatchHeader header)
    {
        var end = header.Position + BatchHeader.Size + header.BodyLength;
        if (end > file.Length)
        {
            return true;
        }

        using var window = new FileWindow(file);
        var bytes = window.Get(header.Position, end - header.Position, 0);
        if (bytes[^1] == 0)
        {
            return true;
        }

        for (var sector = (SectorBytes - header.Position % SectorBytes) % SectorBytes; sector + SectorBytes <= bytes.Length; sector += SectorBytes)
        {
            if (!bytes.Slice(sector, SectorBytes).ContainsAnyExcept((byte)0))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>What a scan found.</summary>
/// <param name="Index">The batches, and the offsets that are damaged.</param>
/// <param name="DataEnd">The end of what is kept; 0 when there is nothing.</param>
/// <param name="CutBytes">Bytes of an interrupted write behind it.</param>
/// <param name="TornBatches">Batches of the last group that were not written completely.</param>
internal sealed record RecoveredSegment(MemorySegmentIndex Index, int DataEnd, int CutBytes, int TornBatches);
