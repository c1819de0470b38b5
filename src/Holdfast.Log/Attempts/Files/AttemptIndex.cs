using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Holdfast.Log.Segments.Format;

namespace Holdfast.Log.Attempts.Files;

/// <summary>Where a chunk lies. Stored as it is in memory, little endian.</summary>
/// <param name="Key">See <see cref="KeyOf"/>.</param>
/// <param name="Position">Where its item begins in the file.</param>
/// <param name="Length">Bytes of the item.</param>
/// <param name="Source">The number of its source.</param>
/// <param name="First">The first offset within the bucket.</param>
/// <param name="LastAndLoss">The last offset within the bucket; the highest bit tells of a loss.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct AttemptIndexEntry(long Key, uint Position, int Length, int Source, ushort First, ushort LastAndLoss)
{
    private const int Loss = 0x8000;

    /// <summary>The last offset within the bucket.</summary>
    public int Last => LastAndLoss & ~Loss;

    /// <summary>Whether events were lost.</summary>
    public bool IsLoss => (LastAndLoss & Loss) != 0;

    /// <summary>The entry of a chunk.</summary>
    public static AttemptIndexEntry Of(AttemptChunk chunk, long position, int length, int source) => new(
        KeyOf(chunk.Partition, chunk.Bucket), (uint)position, length, source, (ushort)chunk.First,
        (ushort)(chunk.Last | (chunk.LossAtMilliseconds > 0 ? Loss : 0)));

    /// <summary>Partition and bucket as one number that sorts as they do.</summary>
    public static long KeyOf(int partition, long bucket) => ((long)partition << 48) | bucket;
}

/// <summary>
/// What can be found in one sealed file: its sources and, sorted by partition and bucket, its chunks. File layout, little endian:
/// <code>u32 magic | u32 checksum of what follows | i64 last loss, Unix ms | i32 sources | i32 chunks | sources: three texts each, u16 length, UTF-8 | entries</code>
/// </summary>
internal sealed class AttemptIndex
{
    private const uint Magic = 0x3149_4148; // HAI1
    private const int HeaderSize = 24;

    private readonly AttemptIndexEntry[] _entries;

    private AttemptIndex(AttemptSource[] sources, AttemptIndexEntry[] entries, long lossAt)
    {
        Sources = sources;
        _entries = entries;
        LossAtMilliseconds = lossAt;
    }

    public IReadOnlyList<AttemptSource> Sources { get; }

    /// <summary>When events were last lost, or 0.</summary>
    public long LossAtMilliseconds { get; }

    public static AttemptIndex Of(IEnumerable<AttemptSource> sources, IEnumerable<AttemptIndexEntry> entries, long lossAt)
    {
        // Stable, so that the chunks of a bucket stay in the order in which they were stored.
        AttemptIndexEntry[] sorted = [.. entries.OrderBy(entry => entry.Key)];
        return new AttemptIndex([.. sources], sorted, lossAt);
    }

    /// <summary>The chunks of a bucket, in the order in which they were stored.</summary>
    public ReadOnlySpan<AttemptIndexEntry> Find(long key)
    {
        var first = FirstAtOrAfter(key);
        var end = first;
        while (end < _entries.Length && _entries[end].Key == key)
        {
            end++;
        }

        return _entries.AsSpan(first, end - first);
    }

    /// <summary>The chunks that tell of losses.</summary>
    public AttemptIndexEntry[] FindLosses() => Array.FindAll(_entries, entry => entry.IsLoss);

    /// <summary>For each partition its first bucket and the one after its last; both 0 when it has none.</summary>
    public (long From, long To)[] Buckets(int partitionCount)
    {
        var buckets = new (long From, long To)[partitionCount];
        for (var partition = 0; partition < partitionCount; partition++)
        {
            var first = FirstAtOrAfter(AttemptIndexEntry.KeyOf(partition, 0));
            var end = FirstAtOrAfter(AttemptIndexEntry.KeyOf(partition + 1, 0));
            if (first < end)
            {
                var origin = AttemptIndexEntry.KeyOf(partition, 0);
                buckets[partition] = (_entries[first].Key - origin, _entries[end - 1].Key - origin + 1);
            }
        }

        return buckets;
    }

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Magic);
        writer.Write(0U);
        writer.Write(LossAtMilliseconds);
        writer.Write(Sources.Count);
        writer.Write(_entries.Length);
        foreach (var source in Sources)
        {
            foreach (var text in new[] { source.Product, source.Name, source.ReplayOf })
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                writer.Write((ushort)bytes.Length);
                writer.Write(bytes);
            }
        }

        writer.Write(MemoryMarshal.AsBytes(_entries.AsSpan()));
        writer.Flush();
        var content = stream.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(4), Crc32C.Of(content.AsSpan(8)));
        return content;
    }

    /// <summary>Reads an index; null when it is damaged or not there, and is to be made anew.</summary>
    public static AttemptIndex? TryRead(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static AttemptIndex? Parse(byte[] content)
    {
        if (content.Length < HeaderSize
            || BinaryPrimitives.ReadUInt32LittleEndian(content) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(4)) != Crc32C.Of(content.AsSpan(8)))
        {
            return null;
        }

        using var reader = new BinaryReader(new MemoryStream(content));
        reader.BaseStream.Position = 8;
        var lossAt = reader.ReadInt64();
        var sources = new AttemptSource[reader.ReadInt32()];
        var entries = new AttemptIndexEntry[reader.ReadInt32()];
        for (var i = 0; i < sources.Length; i++)
        {
            sources[i] = new AttemptSource(Text(reader), Text(reader), Text(reader));
        }

        var rest = content.AsSpan((int)reader.BaseStream.Position);
        if (rest.Length != entries.Length * Unsafe.SizeOf<AttemptIndexEntry>())
        {
            return null;
        }

        rest.CopyTo(MemoryMarshal.AsBytes(entries.AsSpan()));
        return new AttemptIndex(sources, entries, lossAt);
    }

    private static string Text(BinaryReader reader) => Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadUInt16()));

    private int FirstAtOrAfter(long key)
    {
        var (low, high) = (0, _entries.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _entries[middle].Key < key ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
