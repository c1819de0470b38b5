using System.Runtime.InteropServices;

namespace Holdfast.Log.Segments.Indexes;

/// <summary>Where one batch of a partition lies in a segment. The layout is that of the index file.</summary>
/// <param name="BaseOffset">The offset of the first record.</param>
/// <param name="Position">The position of the batch's header in the file.</param>
/// <param name="BodyLength">Bytes of the body.</param>
/// <param name="Count">The number of records.</param>
/// <param name="Flags">What is known about it.</param>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal readonly record struct BatchEntry(long BaseOffset, int Position, int BodyLength, int Count, BatchEntryFlags Flags)
{
    /// <summary>Bytes of an entry in an index file.</summary>
    public const int Size = 24;

    /// <summary>The offset after the last record.</summary>
    public long NextOffset => BaseOffset + Count;

    /// <summary>Whether a reader must stop here whatever keys it looks for.</summary>
    public bool ConcernsEveryKey => Flags != BatchEntryFlags.None;
}

/// <summary>What is known about a batch besides its place. The values are stored.</summary>
[Flags]
internal enum BatchEntryFlags
{
    /// <summary>It was whole when it was indexed.</summary>
    None = 0,

    /// <summary>These offsets were damaged when the segment was scanned; there is nothing to read.</summary>
    Unreadable = 1,

    /// <summary>The records could not be told apart, so nobody knows their keys.</summary>
    KeysUnknown = 2,
}
