using System.Buffers.Binary;
using System.Buffers.Text;
using Holdfast.Broker.Events;
using Holdfast.Broker.Limits;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Sessions;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Connections;

/// <summary>
/// Appends the events of one batch, each as if it had been published alone; the whole is acknowledged when all are committed. Nothing of a batch that is
/// refused is appended. When there is no room in the middle it goes on where it was. Belongs to the thread that reads the connection.
/// </summary>
internal sealed class InboundBatch(SessionServices services, ICommitObserver whole, ulong wholeToken, int count) : ICommitObserver
{
    /// <summary>Three properties of at most 255 bytes, two numbers, and their heads.</summary>
    private const int PropertiesSize = 896;
    private const int LargestOnStack = 1024;
    private const byte ContentTypeProperty = 0x03;
    private const byte UserProperty = 0x26;

    /// <summary>What a device asks integrations for (docs/device.md).</summary>
    private static ReadOnlySpan<byte> ReceiptProperty => "hf-receipt"u8;

    private int _appended;
    private int _outstanding = count;
    private AppendStatus _worst = AppendStatus.Appended;

    /// <summary>How many events it holds.</summary>
    public int Count { get; } = count;

    /// <summary>Why a publish on the events topic of a device is no batch that can be stored; null when it is one.</summary>
    /// <param name="packet">A PUBLISH whose payload says that it is a batch.</param>
    /// <param name="terms">What the client may do.</param>
    /// <param name="count">The number of events.</param>
    public static string? Check(in PublishPacket packet, ClientTerms terms, out int count)
    {
        count = DeviceBatchReader.Check(packet.Payload, out var problem);
        if (problem is not null || packet.Retain)
        {
            return problem ?? "A batch cannot be retained.";
        }

        var levels = packet.Topic.Count((byte)'/') + 1;
        var reader = new DeviceBatchReader(packet.Payload);
        while (reader.MoveNext())
        {
            if (packet.Topic.Length + 1 + reader.Name.Length > terms.TopicBytes || levels + reader.Name.Count((byte)'/') >= terms.TopicLevels)
            {
                return $"The topic of event {reader.Count} has too many bytes or levels.";
            }
        }

        return null;
    }

    /// <summary>Appends what is not appended yet.</summary>
    public AppendAdmission Append(in PublishPacket packet, in PublishRecord common, int partition, long answeredAt)
    {
        var prefix = packet.Topic.Length + 1;
        var longest = prefix + byte.MaxValue;
        Span<byte> topic = longest <= LargestOnStack ? stackalloc byte[LargestOnStack] : new byte[longest];
        packet.Topic.CopyTo(topic);
        topic[prefix - 1] = (byte)'/';
        Span<byte> properties = stackalloc byte[PropertiesSize];
        var reader = new DeviceBatchReader(packet.Payload);
        while (reader.MoveNext())
        {
            if (reader.Count <= _appended)
            {
                continue;
            }

            reader.Name.CopyTo(topic[prefix..]);
            scoped var record = common;
            record.Topic = topic[..(prefix + reader.Name.Length)];
            record.Payload = reader.Payload;
            record.Properties = WriteProperties(reader, properties);
            record.Stream = reader.Stream;
            record.Sequence = reader.Sequence;
            if (services.Appender.TryAppend(partition, ref record, this, 0, answeredAt) == AppendAdmission.Busy)
            {
                return AppendAdmission.Busy;
            }

            _appended = reader.Count;
        }

        return AppendAdmission.Accepted;
    }

    /// <inheritdoc/>
    /// <remarks>One event that is not stored makes the whole batch unacknowledged: the device sends it again, and what is stored is kept once.</remarks>
    void ICommitObserver.OnCompleted(ulong token, int partition, long offset, AppendStatus status)
    {
        _worst = status == AppendStatus.Appended ? _worst : status;
        if (--_outstanding == 0)
        {
            whole.OnCompleted(wholeToken, partition, offset, _worst);
        }
    }

    /// <summary>The same properties as a single publish carries.</summary>
    private static ReadOnlySpan<byte> WriteProperties(in DeviceBatchReader reader, Span<byte> destination)
    {
        var written = 0;
        if (!reader.ContentType.IsEmpty)
        {
            destination[written++] = ContentTypeProperty;
            WriteText(reader.ContentType, destination, ref written);
        }

        Span<byte> digits = stackalloc byte[20];
        WriteUserProperty(StreamSequence.StreamName, reader.Stream, destination, ref written);
        Utf8Formatter.TryFormat(reader.Sequence, digits, out var length);
        WriteUserProperty(StreamSequence.SequenceName, digits[..length], destination, ref written);
        if (reader.PublishedAtMilliseconds > 0)
        {
            Utf8Formatter.TryFormat(reader.PublishedAtMilliseconds, digits, out length);
            WriteUserProperty(EventTime.PublishedAtProperty, digits[..length], destination, ref written);
        }

        if (!reader.Receipt.IsEmpty)
        {
            WriteUserProperty(ReceiptProperty, reader.Receipt, destination, ref written);
        }

        return destination[..written];
    }

    private static void WriteUserProperty(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, Span<byte> destination, ref int written)
    {
        destination[written++] = UserProperty;
        WriteText(name, destination, ref written);
        WriteText(value, destination, ref written);
    }

    private static void WriteText(ReadOnlySpan<byte> text, Span<byte> destination, ref int written)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination[written..], (ushort)text.Length);
        text.CopyTo(destination[(written + 2)..]);
        written += 2 + text.Length;
    }
}
