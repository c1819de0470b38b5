using System.Buffers.Binary;

namespace Holdfast.Log.Segments.Format;

/// <summary>
/// The start of a segment file, little endian. It is written together with the first group, so a segment that was only prepared is all zeros.
/// <code>
///  0 u64 magic   8 u32 checksum of the rest, seeded with the salt   12 u16 format version   14 u16 partitions   16 i64 sequence
/// 24 i64 base offset of each partition: the next offset when the segment was begun
/// </code>
/// </summary>
internal static class SegmentHeader
{
    private const ulong Magic = 0x314D_4745_5346_4448; // "HDFSEGM1"
    private const int FixedSize = 24;

    /// <summary>Bytes of the header; the first batch follows.</summary>
    /// <param name="partitionCount">The store's number of partitions.</param>
    public static int Size(int partitionCount) => FixedSize + partitionCount * sizeof(long);

    public static void Write(Span<byte> destination, uint salt, long sequence, ReadOnlySpan<long> baseOffsets)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[12..], BatchHeader.FormatVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[14..], (ushort)baseOffsets.Length);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], sequence);
        for (var i = 0; i < baseOffsets.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(destination[(FixedSize + i * sizeof(long))..], baseOffsets[i]);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], Crc32C.Of(destination[12..Size(baseOffsets.Length)], salt));
    }

    /// <summary>Reads the base offsets.</summary>
    /// <param name="bytes">The start of the file.</param>
    /// <param name="salt">The store's salt.</param>
    /// <param name="sequence">The segment's number.</param>
    /// <param name="partitionCount">The store's number of partitions.</param>
    /// <returns>Null when this is no header of that segment, or a damaged one.</returns>
    public static long[]? TryRead(ReadOnlySpan<byte> bytes, uint salt, long sequence, int partitionCount)
    {
        var size = Size(partitionCount);
        if (bytes.Length < size
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) != Crc32C.Of(bytes[12..size], salt)
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]) != partitionCount
            || BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]) != sequence)
        {
            return null;
        }

        var offsets = new long[partitionCount];
        for (var i = 0; i < partitionCount; i++)
        {
            offsets[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(FixedSize + i * sizeof(long))..]);
        }

        return offsets;
    }
}
