namespace Holdfast.Log.Records;

/// <summary>
/// A message as it lies in the log. The same type is written and read; spans point into the caller's memory. Body layout:
/// <code>
/// u8 product length, product | u16 publisher length, publisher | u16 topic length, topic
/// [i64 expires at, Unix ms] [u64 session, u16 packet identifier] [u8 stream length, stream, u64 sequence] [u32 length, properties]
/// payload
/// </code>
/// </summary>
public ref struct PublishRecord
{
    /// <summary>The product that the message belongs to; UTF-8, at most 255 bytes.</summary>
    public ReadOnlySpan<byte> Product { get; set; }

    /// <summary>Who sent it: the client identifier, or another name of the sender; UTF-8, at most 65,535 bytes.</summary>
    public ReadOnlySpan<byte> Publisher { get; set; }

    /// <summary>The topic name; UTF-8, at most 65,535 bytes.</summary>
    public ReadOnlySpan<byte> Topic { get; set; }

    /// <summary>The application message.</summary>
    public ReadOnlySpan<byte> Payload { get; set; }

    /// <summary>The MQTT 5 properties that are forwarded unchanged, encoded as on the wire, without a length. Empty when there are none.</summary>
    public ReadOnlySpan<byte> Properties { get; set; }

    /// <summary>The deduplication stream; UTF-8, at most 255 bytes. Empty when the publisher gave none.</summary>
    public ReadOnlySpan<byte> Stream { get; set; }

    /// <summary>The sequence within <see cref="Stream"/>.</summary>
    public ulong Sequence { get; set; }

    /// <summary>The publisher's session, when the record is a QoS 2 receipt; else 0.</summary>
    public ulong ReceiptSession { get; set; }

    /// <summary>The publisher's packet identifier, when the record is a QoS 2 receipt; else 0.</summary>
    public ushort ReceiptPacketId { get; set; }

    /// <summary>When the message expires, in Unix milliseconds; 0 for never.</summary>
    public long ExpiresAtMilliseconds { get; set; }

    /// <summary>When it was received, in Unix milliseconds.</summary>
    public long ReceivedAtMilliseconds { get; set; }

    /// <summary>See <see cref="Partitions.Partitioning.KeyHash"/>.</summary>
    public ulong KeyHash { get; set; }

    /// <summary>The publisher's quality of service: 0, 1 or 2.</summary>
    public byte QualityOfService { get; set; }

    /// <summary>The publisher asked to retain the message.</summary>
    public bool Retain { get; set; }

    /// <summary>See <see cref="PublishFlags.PossibleDuplicate"/>.</summary>
    public bool PossibleDuplicate { get; set; }

    /// <summary>Bytes of the whole record.</summary>
    public readonly int Size
        => RecordView.HeaderSize + 1 + Product.Length + 2 + Publisher.Length + 2 + Topic.Length
            + (ExpiresAtMilliseconds == 0 ? 0 : 8)
            + (ReceiptSession == 0 ? 0 : 10)
            + (Stream.IsEmpty ? 0 : 1 + Stream.Length + 8)
            + (Properties.IsEmpty ? 0 : 4 + Properties.Length)
            + Payload.Length;

    private readonly PublishFlags Flags
        => (PublishFlags)QualityOfService
            | (Retain ? PublishFlags.Retain : 0)
            | (PossibleDuplicate ? PublishFlags.PossibleDuplicate : 0)
            | (ExpiresAtMilliseconds == 0 ? 0 : PublishFlags.HasExpiry)
            | (ReceiptSession == 0 ? 0 : PublishFlags.HasReceipt)
            | (Stream.IsEmpty ? 0 : PublishFlags.HasSequence)
            | (Properties.IsEmpty ? 0 : PublishFlags.HasProperties);

    /// <summary>Writes the record.</summary>
    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    public readonly void WriteTo(Span<byte> destination)
    {
        var flags = Flags;
        var writer = new RecordWriter(destination);
        writer.Header(Size, RecordKind.Publish, (byte)flags, KeyHash, ReceivedAtMilliseconds);
        writer.Byte((byte)Product.Length);
        writer.Bytes(Product);
        writer.UInt16((ushort)Publisher.Length);
        writer.Bytes(Publisher);
        writer.UInt16((ushort)Topic.Length);
        writer.Bytes(Topic);

        // Not HasFlag: until the method is compiled with optimizations, that allocates.
        if ((flags & PublishFlags.HasExpiry) != 0)
        {
            writer.Int64(ExpiresAtMilliseconds);
        }

        if ((flags & PublishFlags.HasReceipt) != 0)
        {
            writer.UInt64(ReceiptSession);
            writer.UInt16(ReceiptPacketId);
        }

        if ((flags & PublishFlags.HasSequence) != 0)
        {
            writer.Byte((byte)Stream.Length);
            writer.Bytes(Stream);
            writer.UInt64(Sequence);
        }

        if ((flags & PublishFlags.HasProperties) != 0)
        {
            writer.Int32(Properties.Length);
            writer.Bytes(Properties);
        }

        writer.Bytes(Payload);
    }

    /// <summary>Reads a <see cref="RecordKind.Publish"/> record.</summary>
    /// <param name="record">The record; its memory backs the result.</param>
    public static PublishRecord Read(scoped in RecordView record)
    {
        var flags = (PublishFlags)record.Flags;
        var reader = new RecordReader(record.Body);
        var result = new PublishRecord
        {
            KeyHash = record.KeyHash,
            ReceivedAtMilliseconds = record.ReceivedAtMilliseconds,
            QualityOfService = (byte)(flags & PublishFlags.QualityOfServiceMask),
            Retain = (flags & PublishFlags.Retain) != 0,
            PossibleDuplicate = (flags & PublishFlags.PossibleDuplicate) != 0,
            Product = reader.Bytes(reader.Byte()),
            Publisher = reader.Bytes(reader.UInt16()),
            Topic = reader.Bytes(reader.UInt16()),
        };
        if ((flags & PublishFlags.HasExpiry) != 0)
        {
            result.ExpiresAtMilliseconds = reader.Int64();
        }

        if ((flags & PublishFlags.HasReceipt) != 0)
        {
            result.ReceiptSession = reader.UInt64();
            result.ReceiptPacketId = reader.UInt16();
        }

        if ((flags & PublishFlags.HasSequence) != 0)
        {
            result.Stream = reader.Bytes(reader.Byte());
            result.Sequence = reader.UInt64();
        }

        if ((flags & PublishFlags.HasProperties) != 0)
        {
            result.Properties = reader.Bytes(reader.Int32());
        }

        result.Payload = reader.Rest;
        return result;
    }
}
