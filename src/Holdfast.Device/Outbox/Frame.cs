using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Holdfast.Device.Outbox;

/// <summary>
/// One entry of a segment: length of the body (4 bytes), CRC-32C of length and body (4), body. All numbers are little-endian. A body is
/// an event: kind 1, sequence (8), created at (8, milliseconds since 1970), lengths of topic and content type (2 each), topic, content type, payload;
/// or the lane's position: kind 2, confirmed sequence (8), events dropped (8); or an event that waits for a receipt: kind 3, the same as kind 1 with the length
/// of the receipt (1) behind the other lengths, and the receipt before the payload.
/// </summary>
internal static class Frame
{
    public const int HeadSize = 8;
    public const byte EventKind = 1;
    public const byte PositionKind = 2;
    public const byte ReceiptEventKind = 3;
    public const int PositionSize = HeadSize + 17;

    private const int EventFixedSize = 1 + 8 + 8 + 2 + 2;

    /// <summary>The size of an event's frame.</summary>
    public static int EventSize(string topic, string contentType, int payloadLength, string receipt = "")
        => HeadSize + EventFixedSize + Encoding.UTF8.GetByteCount(topic) + Encoding.UTF8.GetByteCount(contentType) + payloadLength
            + (receipt.Length > 0 ? 1 + Encoding.UTF8.GetByteCount(receipt) : 0);

    /// <summary>Whether a body is that of an event.</summary>
    public static bool IsEvent(ReadOnlySpan<byte> body) => body[0] is EventKind or ReceiptEventKind;

    /// <summary>Writes an event into exactly as many bytes as <see cref="EventSize"/> says.</summary>
    public static void WriteEvent(Span<byte> frame, ulong sequence, long createdAt, string topic, string contentType, ReadOnlySpan<byte> payload, string receipt = "")
    {
        var body = frame[HeadSize..];
        body[0] = receipt.Length > 0 ? ReceiptEventKind : EventKind;
        BinaryPrimitives.WriteUInt64LittleEndian(body[1..], sequence);
        BinaryPrimitives.WriteInt64LittleEndian(body[9..], createdAt);
        var texts = FixedSize(body);
        var topicLength = Encoding.UTF8.GetBytes(topic, body[texts..]);
        var typeLength = Encoding.UTF8.GetBytes(contentType, body[(texts + topicLength)..]);
        var receiptLength = Encoding.UTF8.GetBytes(receipt, body[(texts + topicLength + typeLength)..]);
        BinaryPrimitives.WriteUInt16LittleEndian(body[17..], (ushort)topicLength);
        BinaryPrimitives.WriteUInt16LittleEndian(body[19..], (ushort)typeLength);
        if (receiptLength > 0)
        {
            body[EventFixedSize] = (byte)receiptLength;
        }

        payload.CopyTo(body[(texts + topicLength + typeLength + receiptLength)..]);
        Seal(frame);
    }

    /// <summary>Writes the position of a lane into <see cref="PositionSize"/> bytes.</summary>
    public static void WritePosition(Span<byte> frame, ulong confirmed, ulong dropped)
    {
        var body = frame[HeadSize..];
        body[0] = PositionKind;
        BinaryPrimitives.WriteUInt64LittleEndian(body[1..], confirmed);
        BinaryPrimitives.WriteUInt64LittleEndian(body[9..], dropped);
        Seal(frame);
    }

    /// <summary>Length of the body that a head announces.</summary>
    public static int BodyLength(ReadOnlySpan<byte> head) => BinaryPrimitives.ReadInt32LittleEndian(head);

    /// <summary>Whether a frame is whole.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> frame)
    {
        var body = frame[HeadSize..];
        return BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]) == Checksum(frame) && body[0] switch
        {
            EventKind or ReceiptEventKind => body.Length >= FixedSize(body) && body.Length >= FixedSize(body) + TopicLength(body) + TypeLength(body) + ReceiptLength(body),
            PositionKind => body.Length == PositionSize - HeadSize,
            _ => false,
        };
    }

    public static (ulong Confirmed, ulong Dropped) ReadPosition(ReadOnlySpan<byte> body)
        => (BinaryPrimitives.ReadUInt64LittleEndian(body[1..]), BinaryPrimitives.ReadUInt64LittleEndian(body[9..]));

    public static ulong ReadSequence(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadUInt64LittleEndian(body[1..]);

    public static long ReadCreatedAt(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadInt64LittleEndian(body[9..]);

    public static StoredEvent ReadEvent(ReadOnlySpan<byte> body, string stream, EventPriority priority)
    {
        var rest = body[FixedSize(body)..];
        var (topic, type, receipt) = (TopicLength(body), TypeLength(body), ReceiptLength(body));
        return new StoredEvent(
            new EventIdentity(stream, ReadSequence(body)), priority, ReadCreatedAt(body), Encoding.UTF8.GetString(rest[..topic]),
            Encoding.UTF8.GetString(rest.Slice(topic, type)), rest[(topic + type + receipt)..].ToArray())
        {
            Receipt = Encoding.UTF8.GetString(rest.Slice(topic + type, receipt)),
        };
    }

    /// <summary>CRC-32C.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes, uint start = 0)
    {
        var crc = ~start;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }

    private static int TopicLength(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadUInt16LittleEndian(body[17..]);

    private static int TypeLength(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadUInt16LittleEndian(body[19..]);

    private static int FixedSize(ReadOnlySpan<byte> body) => body[0] == ReceiptEventKind ? EventFixedSize + 1 : EventFixedSize;

    private static int ReceiptLength(ReadOnlySpan<byte> body) => body[0] == ReceiptEventKind ? body[EventFixedSize] : 0;

    private static void Seal(Span<byte> frame)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - HeadSize);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], Checksum(frame));
    }

    private static uint Checksum(ReadOnlySpan<byte> frame) => Crc32C(frame[HeadSize..], Crc32C(frame[..4]));
}
