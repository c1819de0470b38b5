using System.Buffers.Binary;
using Holdfast.Broker.Sessions;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Checkpoints;

/// <summary>
/// A session's QoS 2 state as bytes: the offsets up to which packet identifiers were assigned, the receipts of what it published, and the
/// deliveries under way. Only committed steps are in it.
/// </summary>
internal static class ExchangesEncoding
{
    private const byte FormatVersion = 2;
    private const byte FormatWithoutShares = 1;
    private const int RetainedFlag = 1;
    private const int RetainFlag = 2;
    private const int SharedFlag = 4;
    private const int ReceiptSize = 4;
    private const int DeliverySize = 14;
    private const int ShareSize = 8;

    /// <summary>Encodes the state; the caller holds the session's lock.</summary>
    public static byte[] Encode(Session session)
    {
        var receipts = session.Receipts.Committed.ToList();
        var deliveries = Deliveries(session.Outbound);
        var through = session.AssignedThrough ?? [];
        var bytes = new byte[1 + 6 + (through.Length * 8) + (receipts.Count * ReceiptSize) + deliveries.Sum(SizeOf)];
        bytes[0] = FormatVersion;
        var rest = bytes.AsSpan(1);
        rest = UInt16(rest, (ushort)through.Length);
        rest = UInt16(rest, (ushort)receipts.Count);
        rest = UInt16(rest, (ushort)deliveries.Count);
        foreach (var offset in through)
        {
            rest = Int64(rest, offset);
        }

        foreach (var (packetId, partition) in receipts)
        {
            rest = UInt16(UInt16(rest, packetId), (ushort)partition);
        }

        foreach (var message in deliveries)
        {
            rest = Int64(UInt16(UInt16(rest, message.PacketId), message.Partition), message.Offset);
            rest[0] = (byte)message.State;
            rest[1] = (byte)((message.Retained ? RetainedFlag : 0) | (message.RetainFlag ? RetainFlag : 0) | (message.Share is null ? 0 : SharedFlag));
            rest = message.Share is { } share ? Int64(rest[2..], (long)share.Hash) : rest[2..];
        }

        return bytes;
    }

    /// <summary>Puts the state into a session that nobody uses yet.</summary>
    public static void Decode(ReadOnlySpan<byte> bytes, Session session, SessionServices services)
    {
        if (bytes[0] is not (FormatVersion or FormatWithoutShares))
        {
            throw new InvalidDataException($"The QoS 2 state of session {session.ClientId} has format {bytes[0]}; this version knows {FormatVersion}.");
        }

        var throughCount = BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..]);
        var receiptCount = BinaryPrimitives.ReadUInt16LittleEndian(bytes[3..]);
        var deliveryCount = BinaryPrimitives.ReadUInt16LittleEndian(bytes[5..]);
        var rest = bytes[7..];
        session.AssignedThrough = throughCount == 0 ? null : new long[throughCount];
        for (var partition = 0; partition < throughCount; partition++, rest = rest[8..])
        {
            session.AssignedThrough![partition] = BinaryPrimitives.ReadInt64LittleEndian(rest);
        }

        for (var index = 0; index < receiptCount; index++, rest = rest[ReceiptSize..])
        {
            session.Receipts.Set(
                BinaryPrimitives.ReadUInt16LittleEndian(rest), BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]), ReceiptState.Received);
        }

        for (var index = 0; index < deliveryCount; index++)
        {
            var isShared = (rest[13] & SharedFlag) != 0;
            session.Outbound.Restore(new OutboundMessage
            {
                PacketId = BinaryPrimitives.ReadUInt16LittleEndian(rest),
                Partition = (byte)BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]),
                Offset = BinaryPrimitives.ReadInt64LittleEndian(rest[4..]),
                State = (OutboundState)rest[12],
                Retained = (rest[13] & RetainedFlag) != 0,
                RetainFlag = (rest[13] & RetainFlag) != 0,
                Share = isShared ? services.Shared.FindOrGone(BinaryPrimitives.ReadUInt64LittleEndian(rest[DeliverySize..])) : null,
                QualityOfService = QualityOfService.ExactlyOnce,
            });
            rest = rest[(DeliverySize + (isShared ? ShareSize : 0))..];
        }
    }

    private static int SizeOf(OutboundMessage message) => DeliverySize + (message.Share is null ? 0 : ShareSize);

    private static List<OutboundMessage> Deliveries(OutboundWindow outbound)
    {
        var result = new List<OutboundMessage>();
        for (var place = 0; place < outbound.Places; place++)
        {
            var message = outbound[place];
            if (message.QualityOfService != QualityOfService.ExactlyOnce)
            {
                continue;
            }

            switch (message.State)
            {
                case OutboundState.Ready or OutboundState.Sent or OutboundState.Releasing:
                    // A PUBREC that is not committed did not happen; the client repeats it.
                    message.State = OutboundState.Sent;
                    result.Add(message);
                    break;
                case OutboundState.Released:
                    result.Add(message);
                    break;
            }
        }

        return result;
    }

    private static Span<byte> UInt16(Span<byte> rest, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(rest, value);
        return rest[2..];
    }

    private static Span<byte> Int64(Span<byte> rest, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(rest, value);
        return rest[8..];
    }
}
