using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Holdfast.Log.Segments.Indexes;

/// <summary>
/// The index of one partition in a sealed segment, used as it lies in the file. Little endian, which is what every supported processor is:
/// <code>
/// i32 batches, i32 keys, i32 postings, i32 batches that concern every key
/// entries (see <see cref="BatchEntry"/>) | u64 keys, ascending | i32 start of each key's postings, and their end | i32 postings | i32 ordinals
/// </code>
/// </summary>
internal sealed class SectionIndex : IPartitionIndex
{
    private const int FixedSize = 16;
    private readonly byte[] _bytes;
    private readonly int _keyCount;
    private readonly int _postingCount;
    private readonly int _everyKeyCount;

    private SectionIndex(byte[] bytes)
    {
        _bytes = bytes;
        Count = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        _keyCount = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        _postingCount = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        _everyKeyCount = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));
    }

    public int Count { get; }

    /// <summary>The memory it takes, in bytes.</summary>
    public int Bytes => _bytes.Length;

    private ReadOnlySpan<BatchEntry> Entries => MemoryMarshal.Cast<byte, BatchEntry>(_bytes.AsSpan(FixedSize, Count * BatchEntry.Size));

    private ReadOnlySpan<ulong> Keys => MemoryMarshal.Cast<byte, ulong>(_bytes.AsSpan(KeysPosition, _keyCount * sizeof(ulong)));

    private ReadOnlySpan<int> Starts => MemoryMarshal.Cast<byte, int>(_bytes.AsSpan(StartsPosition, (_keyCount + 1) * sizeof(int)));

    private ReadOnlySpan<int> AllPostings => MemoryMarshal.Cast<byte, int>(_bytes.AsSpan(PostingsPosition, _postingCount * sizeof(int)));

    private ReadOnlySpan<int> EveryKey
        => MemoryMarshal.Cast<byte, int>(_bytes.AsSpan(PostingsPosition + _postingCount * sizeof(int), _everyKeyCount * sizeof(int)));

    private int KeysPosition => FixedSize + Count * BatchEntry.Size;

    private int StartsPosition => KeysPosition + _keyCount * sizeof(ulong);

    private int PostingsPosition => StartsPosition + (_keyCount + 1) * sizeof(int);

    public BatchEntry this[int ordinal] => Entries[ordinal];

    /// <summary>Uses the bytes of a section whose checksum was verified; null when they do not add up.</summary>
    public static SectionIndex? TryRead(byte[] bytes)
    {
        if (bytes.Length < FixedSize)
        {
            return null;
        }

        var index = new SectionIndex(bytes);
        return Length(index.Count, index._keyCount, index._postingCount, index._everyKeyCount) == bytes.Length ? index : null;
    }

    /// <summary>Writes the section of a partition.</summary>
    public static byte[] Write(MemoryPartitionIndex index)
    {
        byte[] bytes = [];
        index.UsePostings((postings, everyKey) =>
        {
            bytes = new byte[Length(index.Count, postings.KeyCount, postings.Count, everyKey.Count)];
            Write(bytes, index, postings, everyKey);
        });
        return bytes;
    }

    public void Find(IReadOnlySet<ulong> keys, int fromOrdinal, List<int> ordinals)
    {
        AddFrom(EveryKey, fromOrdinal, ordinals);
        var sorted = Keys;
        foreach (var key in keys)
        {
            var place = sorted.BinarySearch(key);
            if (place >= 0)
            {
                AddFrom(AllPostings[Starts[place]..Starts[place + 1]], fromOrdinal, ordinals);
            }
        }
    }

    private static void AddFrom(ReadOnlySpan<int> ascending, int fromOrdinal, List<int> ordinals)
    {
        var first = ascending.BinarySearch(fromOrdinal);
        ordinals.AddRange(ascending[(first < 0 ? ~first : first)..]);
    }

    private static int Length(int batches, int keys, int postings, int everyKey)
        => checked(FixedSize + batches * BatchEntry.Size + keys * sizeof(ulong) + (keys + 1 + postings + everyKey) * sizeof(int));

    private static void Write(byte[] bytes, MemoryPartitionIndex index, Postings postings, IReadOnlyList<int> everyKey)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, index.Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), postings.KeyCount);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), postings.Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), everyKey.Count);
        var view = new SectionIndex(bytes);
        var entries = MemoryMarshal.Cast<byte, BatchEntry>(bytes.AsSpan(FixedSize, index.Count * BatchEntry.Size));
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = index[i];
        }

        var keys = postings.SortedKeys();
        MemoryMarshal.AsBytes<ulong>(keys).CopyTo(bytes.AsSpan(view.KeysPosition));
        var starts = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(view.StartsPosition, (keys.Length + 1) * sizeof(int)));
        var all = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(view.PostingsPosition));
        var used = 0;
        var ofKey = new List<int>();
        for (var i = 0; i < keys.Length; i++)
        {
            starts[i] = used;
            ofKey.Clear();
            postings.Find(keys[i], 0, ofKey);
            for (var j = ofKey.Count - 1; j >= 0; j--)
            {
                all[used++] = ofKey[j];
            }
        }

        starts[keys.Length] = used;
        foreach (var ordinal in everyKey)
        {
            all[used++] = ordinal;
        }
    }
}
