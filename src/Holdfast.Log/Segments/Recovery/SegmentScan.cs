using Holdfast.Log.Segments.Files;
using Holdfast.Log.Segments.Format;
using Holdfast.Log.Segments.Indexes;
using Holdfast.Log.Segments.Reading;

namespace Holdfast.Log.Segments.Recovery;

/// <summary>Walks over a segment file batch by batch, verifies every checksum, and finds the way again behind damage.</summary>
internal sealed class SegmentScan
{
    private const int ReadAhead = 1024 * 1024;

    private readonly uint _salt;
    private readonly Segment _segment;
    private readonly FileWindow _window;
    private readonly int _length;

    private SegmentScan(ISegmentFile file, FileWindow window, uint salt, Segment segment)
    {
        _window = window;
        _salt = salt;
        _segment = segment;
        _length = (int)Math.Min(file.Length, int.MaxValue - BatchHeader.Alignment);
        Index = new MemorySegmentIndex(segment.BaseOffsets);
    }

    /// <summary>The whole batches. Damage before a whole batch of the same partition is in it as unreadable offsets.</summary>
    public MemorySegmentIndex Index { get; }

    /// <summary>Batches with a whole header and a damaged, or missing, body.</summary>
    public List<BatchHeader> Damaged { get; } = [];

    /// <summary>The last batch with a whole header; null when there is none.</summary>
    public BatchHeader? Last { get; private set; }

    /// <summary>The last batch that is whole; null when there is none.</summary>
    public BatchHeader? LastWhole { get; private set; }

    /// <summary>The end of the bytes that are not zero, as far as they were looked at because of damage; 0 when there was none.</summary>
    public int JunkEnd { get; private set; }

    private int LastDamagePosition { get; set; }

    /// <summary>Scans a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="salt">The store's salt.</param>
    /// <param name="segment">The segment, with its base offsets.</param>
    public static SegmentScan Run(ISegmentFile file, uint salt, Segment segment)
    {
        using var window = new FileWindow(file);
        var scan = new SegmentScan(file, window, salt, segment);
        scan.Walk();
        return scan;
    }

    private void Walk()
    {
        var position = SegmentHeader.Size(_segment.BaseOffsets.Length);
        while (position + BatchHeader.Size <= _length)
        {
            if (!TryReadHeader(position, out var header))
            {
                var next = FindHeader(position);
                LastDamagePosition = position;
                if (next is null)
                {
                    return;
                }

                position = next.Value;
                continue;
            }

            Last = header;
            Take(header);
            position = header.End;
        }

        if (position < _length)
        {
            NoteJunk(position, _window.Get(position, _length - position, 0));
        }
    }

    private bool TryReadHeader(int position, out BatchHeader header)
    {
        var bytes = _window.Get(position, BatchHeader.Size, ReadAhead);
        header = default;
        return bytes.Length == BatchHeader.Size
            && BatchHeader.TryRead(bytes, _salt, _segment.Number, position, out header)
            && header.Partition < _segment.BaseOffsets.Length;
    }

    private void Take(in BatchHeader header)
    {
        var body = _window.Get(header.Position + BatchHeader.Size, header.BodyLength, ReadAhead);
        if (body.Length < header.BodyLength || Crc32C.Of(body) != header.BodyChecksum)
        {
            Damaged.Add(header);
            LastDamagePosition = header.Position;
            return;
        }

        var partition = Index[header.Partition];
        if (header.BaseOffset < partition.NextOffset)
        {
            return;
        }

        if (header.BaseOffset > partition.NextOffset)
        {
            partition.AddUnreadable(header.BaseOffset, DamagePositionBefore(header));
        }

        partition.Add(new BatchEntry(header.BaseOffset, header.Position, header.BodyLength, header.Count, BatchEntryFlags.None), body);
        LastWhole = header;
    }

    private int DamagePositionBefore(in BatchHeader whole)
    {
        foreach (var damaged in Damaged)
        {
            if (damaged.Partition == whole.Partition && damaged.NextOffset > Index[whole.Partition].NextOffset)
            {
                return damaged.Position;
            }
        }

        return LastDamagePosition;
    }

    private int? FindHeader(int damagedPosition)
    {
        NoteJunk(damagedPosition, _window.Get(damagedPosition, BatchHeader.Alignment, ReadAhead));
        var position = damagedPosition + BatchHeader.Alignment;
        while (position + BatchHeader.Size <= _length)
        {
            var bytes = _window.Get(position, Math.Min(ReadAhead, _length - position), ReadAhead);
            var place = NoteJunk(position, bytes) ? bytes.IndexOf(BatchHeader.Magic) : -1;
            if (place < 0)
            {
                position += Math.Max(BatchHeader.Alignment, (bytes.Length - BatchHeader.Magic.Length) & -BatchHeader.Alignment);
                continue;
            }

            position = BatchHeader.Align(position + place);
            if (TryReadHeader(position, out _))
            {
                return position;
            }

            position += place % BatchHeader.Alignment == 0 ? BatchHeader.Alignment : 0;
        }

        return null;
    }

    private bool NoteJunk(int position, ReadOnlySpan<byte> bytes)
    {
        var last = bytes.LastIndexOfAnyExcept((byte)0);
        JunkEnd = last < 0 ? JunkEnd : Math.Max(JunkEnd, position + last + 1);
        return last >= 0;
    }
}
