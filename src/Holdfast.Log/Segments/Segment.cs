using Holdfast.Log.Segments.Indexes;

namespace Holdfast.Log.Segments;

/// <summary>
/// One segment file as the log knows it. Its index is in memory while it grows, and until its index file is written; then in that file.
/// A segment that has neither lost its index file and is scanned when somebody reads it.
/// </summary>
internal sealed class Segment(long sequence, long[] baseOffsets)
{
    private MemorySegmentIndex? _memory;
    private IndexHeader? _header;
    private long _bytes;

    /// <summary>Segments are numbered in the order of writing.</summary>
    public long Sequence => sequence;

    /// <summary>The number as it is in batch headers.</summary>
    public uint Number => unchecked((uint)sequence);

    /// <summary>The next offset of each partition when the segment was begun.</summary>
    public long[] BaseOffsets => baseOffsets;

    /// <summary>Guards the making and the writing of the index.</summary>
    public Lock IndexLock { get; } = new();

    /// <summary>The index in memory. Whoever takes it away has set <see cref="Header"/> before.</summary>
    public MemorySegmentIndex? Memory
    {
        get => Volatile.Read(ref _memory);
        set => Volatile.Write(ref _memory, value);
    }

    /// <summary>The header of the index file, once the segment is sealed.</summary>
    public IndexHeader? Header
    {
        get => Volatile.Read(ref _header);
        set => Volatile.Write(ref _header, value);
    }

    /// <summary>
    /// The oldest time of receipt, in Unix milliseconds: of all that was committed when it is asked for; <see cref="long.MinValue"/> when it is not known.
    /// </summary>
    public long MinimumReceivedAt => Header?.MinimumReceivedAt ?? Memory?.MinimumReceivedAt ?? Header?.MinimumReceivedAt ?? long.MinValue;

    /// <summary>The newest one, in the same way; <see cref="long.MaxValue"/> when it is not known.</summary>
    public long MaximumReceivedAt => Header?.MaximumReceivedAt ?? Memory?.MaximumReceivedAt ?? Header?.MaximumReceivedAt ?? long.MaxValue;

    /// <summary>Bytes of data in the file.</summary>
    public long Bytes
    {
        get => Volatile.Read(ref _bytes);
        set => Volatile.Write(ref _bytes, value);
    }
}
