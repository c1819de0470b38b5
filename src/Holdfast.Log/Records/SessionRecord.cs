namespace Holdfast.Log.Records;

/// <summary>
/// A step of a QoS 2 exchange that must survive a crash. Records of one session's deliveries lie in the session's own partition, so they
/// keep their order; a receipt's release lies in the partition of the publish that made the receipt.
/// </summary>
public readonly struct SessionRecord
{
    /// <summary>Bytes of the whole record without <see cref="Share"/>.</summary>
    public const int Size = RecordView.HeaderSize + 8 + 2 + 2 + 8;

    private const byte RetainedFlag = 1;
    private const byte SharedFlag = 2;

    /// <summary>Bytes of the whole record.</summary>
    public int Length => Size + (Share == 0 ? 0 : sizeof(ulong));

    /// <summary>One of the session kinds: released, assigned, received or completed.</summary>
    public required RecordKind Kind { get; init; }

    /// <summary>The session, see <see cref="State.StoredSession.Id"/>.</summary>
    public required ulong Session { get; init; }

    /// <summary>The packet identifier of the exchange.</summary>
    public required ushort PacketId { get; init; }

    /// <summary><see cref="RecordKind.DeliveryAssigned"/>: the partition of the message. Else 0.</summary>
    public int MessagePartition { get; init; }

    /// <summary><see cref="RecordKind.DeliveryAssigned"/>: the offset of the message. Else 0.</summary>
    public long MessageOffset { get; init; }

    /// <summary><see cref="RecordKind.DeliveryAssigned"/>: the message was sent as a retained one, so it says nothing about the session's cursor.</summary>
    public bool Retained { get; init; }

    /// <summary>
    /// <see cref="RecordKind.DeliveryAssigned"/>: the shared subscription that the message came by, or 0. It says nothing about the session's cursor either.
    /// </summary>
    public ulong Share { get; init; }

    /// <summary>Hash that places the record, see <see cref="Partitions.Partitioning.KeyHash"/>.</summary>
    public ulong KeyHash { get; init; }

    /// <summary>When the record was made, in Unix milliseconds.</summary>
    public long ReceivedAtMilliseconds { get; init; }

    /// <summary>Writes the record.</summary>
    /// <param name="destination">At least <see cref="Length"/> bytes.</param>
    public void WriteTo(Span<byte> destination)
    {
        var writer = new RecordWriter(destination);
        var flags = (byte)((Retained ? RetainedFlag : 0) | (Share == 0 ? 0 : SharedFlag));
        writer.Header(Length, Kind, flags, KeyHash, ReceivedAtMilliseconds);
        writer.UInt64(Session);
        writer.UInt16(PacketId);
        writer.UInt16((ushort)MessagePartition);
        writer.Int64(MessageOffset);
        if (Share != 0)
        {
            writer.UInt64(Share);
        }
    }

    /// <summary>Reads a record of one of the session kinds.</summary>
    /// <param name="record">The record.</param>
    public static SessionRecord Read(in RecordView record)
    {
        var reader = new RecordReader(record.Body);
        return new SessionRecord
        {
            Kind = record.Kind,
            Retained = (record.Flags & RetainedFlag) != 0,
            KeyHash = record.KeyHash,
            ReceivedAtMilliseconds = record.ReceivedAtMilliseconds,
            Session = reader.UInt64(),
            PacketId = reader.UInt16(),
            MessagePartition = reader.UInt16(),
            MessageOffset = reader.Int64(),
            Share = (record.Flags & SharedFlag) == 0 ? 0 : reader.UInt64(),
        };
    }
}
