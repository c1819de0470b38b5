using System.Buffers.Binary;
using Holdfast.Log.Segments.Format;

namespace Holdfast.Log.Segments.Indexes;

/// <summary>
/// The start of an index file: all that is needed of a sealed segment until somebody reads it. Little endian:
/// <code>
///  0 u64 magic   8 u32 checksum of the rest, seeded with the salt   12 u16 format version   14 u16 partitions   16 i64 sequence
/// 24 i64 end of the data in the segment file   32 i64 oldest, 40 i64 newest time of receipt, Unix ms
/// 48 for each partition: i64 first offset, i64 next offset, i64 position of its section in this file, i32 length, u32 checksum
/// </code>
/// </summary>
internal sealed record IndexHeader(
    long Sequence, long DataEnd, long MinimumReceivedAt, long MaximumReceivedAt, IndexSection[] Sections)
{
    private const ulong Magic = 0x3158_4449_4653_4448; // "HDSFIDX1"
    private const int FixedSize = 48;
    private const int SectionSize = 32;

    public static int Size(int partitionCount) => FixedSize + partitionCount * SectionSize;

    public void WriteTo(Span<byte> destination, uint salt)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[12..], BatchHeader.FormatVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[14..], (ushort)Sections.Length);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(destination[24..], DataEnd);
        BinaryPrimitives.WriteInt64LittleEndian(destination[32..], MinimumReceivedAt);
        BinaryPrimitives.WriteInt64LittleEndian(destination[40..], MaximumReceivedAt);
        for (var i = 0; i < Sections.Length; i++)
        {
            var place = destination[(FixedSize + i * SectionSize)..];
            BinaryPrimitives.WriteInt64LittleEndian(place, Sections[i].FirstOffset);
            BinaryPrimitives.WriteInt64LittleEndian(place[8..], Sections[i].NextOffset);
            BinaryPrimitives.WriteInt64LittleEndian(place[16..], Sections[i].Position);
            BinaryPrimitives.WriteInt32LittleEndian(place[24..], Sections[i].Length);
            BinaryPrimitives.WriteUInt32LittleEndian(place[28..], Sections[i].Checksum);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], Crc32C.Of(destination[12..Size(Sections.Length)], salt));
    }

    /// <summary>Reads the start of an index file; null when it is not that, or damaged.</summary>
    public static IndexHeader? TryRead(ReadOnlySpan<byte> bytes, uint salt, long sequence, int partitionCount)
    {
        var size = Size(partitionCount);
        if (bytes.Length < size
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) != Crc32C.Of(bytes[12..size], salt)
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]) != BatchHeader.FormatVersion
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]) != partitionCount
            || BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]) != sequence)
        {
            return null;
        }

        var sections = new IndexSection[partitionCount];
        for (var i = 0; i < partitionCount; i++)
        {
            var place = bytes[(FixedSize + i * SectionSize)..];
            sections[i] = new IndexSection(
                BinaryPrimitives.ReadInt64LittleEndian(place),
                BinaryPrimitives.ReadInt64LittleEndian(place[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(place[16..]),
                BinaryPrimitives.ReadInt32LittleEndian(place[24..]),
                BinaryPrimitives.ReadUInt32LittleEndian(place[28..]));
        }

        return new IndexHeader(
            sequence,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            sections);
    }
}

/// <summary>One partition's part of an index file.</summary>
internal readonly record struct IndexSection(long FirstOffset, long NextOffset, long Position, int Length, uint Checksum);
