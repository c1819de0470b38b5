using System.Buffers.Binary;
using Holdfast.Log.Batches;

namespace Holdfast.Log.Segments.Format;

/// <summary>
/// What stands before the body of a batch in a segment file, little endian, aligned to 8 bytes:
/// <code>
///  0 u32 magic          4 u32 checksum of the rest, seeded with the store's salt
///  8 u32 checksum of the body   12 i32 body length
/// 16 u32 segment       20 i32 position of this header in the file
/// 24 i64 base offset   32 i64 epoch   40 i64 last received at, Unix ms
/// 48 i32 count         52 u16 partition   54 u8 format version   55 u8 zero
/// 56 i32 position of the group's first header   60 i32 length of the group in bytes
/// </code>
/// A header that lies elsewhere than it says, or that does not know the salt, is none: bytes that a device published can never pass
/// for a batch when a damaged file is searched for the next whole one.
/// </summary>
internal readonly record struct BatchHeader
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 64;

    /// <summary>Headers begin at multiples of this.</summary>
    public const int Alignment = 8;

    /// <summary>The version that this program writes.</summary>
    public const byte FormatVersion = 1;

    private const uint MagicNumber = 0x3142_4648; // "HFB1"

    /// <summary>The first bytes of every header.</summary>
    public static ReadOnlySpan<byte> Magic => "HFB1"u8;

    public required uint BodyChecksum { get; init; }

    public required int BodyLength { get; init; }

    public required uint Segment { get; init; }

    public required int Position { get; init; }

    public required long BaseOffset { get; init; }

    public required long Epoch { get; init; }

    public required long LastReceivedAtMilliseconds { get; init; }

    public required int Count { get; init; }

    public required int Partition { get; init; }

    public required int GroupPosition { get; init; }

    public required int GroupLength { get; init; }

    public long NextOffset => BaseOffset + Count;

    /// <summary>Where the next header may stand.</summary>
    public int End => Position + LengthInFile(BodyLength);

    /// <summary>Bytes that a batch takes in a file, with header and padding.</summary>
    /// <param name="bodyLength">Bytes of its body.</param>
    public static int LengthInFile(int bodyLength) => Size + Align(bodyLength);

    /// <summary>The next multiple of <see cref="Alignment"/>.</summary>
    /// <param name="length">In bytes.</param>
    public static int Align(int length) => (length + Alignment - 1) & -Alignment;

    /// <summary>The header of a batch; the checksum of its body is computed here.</summary>
    public static BatchHeader Of(RecordBatch batch, uint segment, int position, int groupPosition, int groupLength) => new()
    {
        BodyChecksum = Crc32C.Of(batch.Body.Span),
        BodyLength = batch.Body.Length,
        Segment = segment,
        Position = position,
        BaseOffset = batch.BaseOffset,
        Epoch = batch.Epoch,
        LastReceivedAtMilliseconds = batch.LastReceivedAtMilliseconds,
        Count = batch.Count,
        Partition = batch.Partition,
        GroupPosition = groupPosition,
        GroupLength = groupLength,
    };

    public void WriteTo(Span<byte> destination, uint salt)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, MagicNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], BodyChecksum);
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], BodyLength);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], Segment);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], Position);
        BinaryPrimitives.WriteInt64LittleEndian(destination[24..], BaseOffset);
        BinaryPrimitives.WriteInt64LittleEndian(destination[32..], Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(destination[40..], LastReceivedAtMilliseconds);
        BinaryPrimitives.WriteInt32LittleEndian(destination[48..], Count);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[52..], (ushort)Partition);
        destination[54] = FormatVersion;
        destination[55] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(destination[56..], GroupPosition);
        BinaryPrimitives.WriteInt32LittleEndian(destination[60..], GroupLength);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], Crc32C.Of(destination[8..Size], salt));
    }

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">At least <see cref="Size"/> bytes.</param>
    /// <param name="salt">The store's salt.</param>
    /// <param name="segment">The segment it was read from.</param>
    /// <param name="position">The position it was read from.</param>
    /// <param name="header">The header.</param>
    /// <returns>False when these bytes are not a header, or a damaged one.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, uint salt, uint segment, int position, out BatchHeader header)
    {
        header = default;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != MagicNumber
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Crc32C.Of(bytes[8..Size], salt)
            || bytes[54] != FormatVersion)
        {
            return false;
        }

        header = new BatchHeader
        {
            BodyChecksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            BodyLength = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            Segment = BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]),
            Position = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            BaseOffset = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            Epoch = BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            LastReceivedAtMilliseconds = BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            Count = BinaryPrimitives.ReadInt32LittleEndian(bytes[48..]),
            Partition = BinaryPrimitives.ReadUInt16LittleEndian(bytes[52..]),
            GroupPosition = BinaryPrimitives.ReadInt32LittleEndian(bytes[56..]),
            GroupLength = BinaryPrimitives.ReadInt32LittleEndian(bytes[60..]),
        };
        return header.Segment == segment && header.Position == position && header.BodyLength >= 0;
    }
}
