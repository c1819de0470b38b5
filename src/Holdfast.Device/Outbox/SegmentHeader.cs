using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Holdfast.Device.Outbox;

/// <summary>
/// The first bytes of a segment: "HFOUTBX1", stream (16 bytes), first sequence (8), confirmed sequence (8), events dropped (8), CRC-32C (4). It is
/// flushed before the first event follows, so it tells where the numbers go on even when all events are gone.
/// </summary>
internal readonly record struct SegmentHeader(string Stream, ulong First, ulong Confirmed, ulong Dropped)
{
    public const int Size = 52;

    private const int StreamBytes = 16;

    private static ReadOnlySpan<byte> Magic => "HFOUTBX1"u8;

    /// <summary>A stream that nobody has used before.</summary>
    public static string NewStream() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(StreamBytes));

    public void Write(Span<byte> bytes)
    {
        Magic.CopyTo(bytes);
        Convert.FromHexString(Stream).CopyTo(bytes[8..]);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], First);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], Confirmed);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], Dropped);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[48..], Frame.Crc32C(bytes[..48]));
    }

    public static SegmentHeader? Read(ReadOnlySpan<byte> bytes)
        => bytes.Length < Size || !bytes[..8].SequenceEqual(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(bytes[48..]) != Frame.Crc32C(bytes[..48])
            ? null
            : new SegmentHeader(
                Convert.ToHexStringLower(bytes[8..24]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]));
}
