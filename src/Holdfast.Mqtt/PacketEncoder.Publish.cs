using System.Buffers.Binary;
using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketEncoder
{
    private const int MessageExpirySize = 1 + 4;
    private const int TopicAliasSize = 1 + 2;

    /// <summary>Bytes of the whole packet.</summary>
    public static int Measure(in PublishPacket packet, ProtocolVersion version)
    {
        var bodyLength = MeasureBody(packet, version, version == ProtocolVersion.Mqtt5 ? MeasureProperties(packet) : 0);
        return 1 + VariableByteInteger.Measure((uint)bodyLength) + bodyLength;
    }

    /// <summary>Writes a PUBLISH without allocating.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="version">The peer's version.</param>
    /// <param name="destination">At least <see cref="Measure(in PublishPacket, ProtocolVersion)"/> bytes.</param>
    /// <returns>The bytes written.</returns>
    public static int Write(in PublishPacket packet, ProtocolVersion version, Span<byte> destination)
    {
        Check(packet, version);
        var propertiesLength = version == ProtocolVersion.Mqtt5 ? MeasureProperties(packet) : 0;
        var bodyLength = MeasureBody(packet, version, propertiesLength);
        var flags = (packet.Duplicate ? 0b1000 : 0) | (int)packet.QualityOfService << 1 | (packet.Retain ? 1 : 0);
        destination[0] = (byte)((int)PacketType.Publish << 4 | flags);
        var position = 1 + VariableByteInteger.Write((uint)bodyLength, destination[1..]);
        var body = destination.Slice(position, bodyLength);

        BinaryPrimitives.WriteUInt16BigEndian(body, (ushort)packet.Topic.Length);
        packet.Topic.CopyTo(body[2..]);
        body = body[(2 + packet.Topic.Length)..];
        if (packet.QualityOfService != QualityOfService.AtMostOnce)
        {
            BinaryPrimitives.WriteUInt16BigEndian(body, packet.PacketId);
            body = body[2..];
        }

        if (version == ProtocolVersion.Mqtt5)
        {
            body = body[VariableByteInteger.Write((uint)propertiesLength, body)..];
            if (propertiesLength != 0)
            {
                WriteProperties(packet, body[..propertiesLength]);
                body = body[propertiesLength..];
            }
        }

        packet.Payload.CopyTo(body);
        return position + bodyLength;
    }

    private static void WriteProperties(in PublishPacket packet, Span<byte> destination)
    {
        if (packet.MessageExpirySeconds is { } expiry)
        {
            destination[0] = (byte)PropertyIdentifier.MessageExpiryInterval;
            BinaryPrimitives.WriteUInt32BigEndian(destination[1..], expiry);
            destination = destination[MessageExpirySize..];
        }

        if (packet.TopicAlias != 0)
        {
            destination[0] = (byte)PropertyIdentifier.TopicAlias;
            BinaryPrimitives.WriteUInt16BigEndian(destination[1..], packet.TopicAlias);
            destination = destination[TopicAliasSize..];
        }

        foreach (var identifier in packet.SubscriptionIdentifiers)
        {
            destination[0] = (byte)PropertyIdentifier.SubscriptionIdentifier;
            destination = destination[(1 + VariableByteInteger.Write(identifier, destination[1..]))..];
        }

        packet.Properties.CopyTo(destination);
    }

    private static int MeasureBody(in PublishPacket packet, ProtocolVersion version, int propertiesLength)
    {
        var length = 2L + packet.Topic.Length
            + (packet.QualityOfService == QualityOfService.AtMostOnce ? 0 : 2)
            + (version == ProtocolVersion.Mqtt5 ? VariableByteInteger.Measure((uint)propertiesLength) + (long)propertiesLength : 0)
            + packet.Payload.Length;
        return length <= VariableByteInteger.Maximum
            ? (int)length
            : throw new ArgumentException("The packet is larger than MQTT allows.", nameof(packet));
    }

    private static int MeasureProperties(in PublishPacket packet)
    {
        var length = packet.Properties.Length
            + (packet.MessageExpirySeconds is null ? 0 : MessageExpirySize)
            + (packet.TopicAlias == 0 ? 0 : TopicAliasSize);
        foreach (var identifier in packet.SubscriptionIdentifiers)
        {
            length += 1 + VariableByteInteger.Measure(identifier);
        }

        return length;
    }

    private static void Check(in PublishPacket packet, ProtocolVersion version)
    {
        var quality = packet.QualityOfService;
        var problem = packet.Topic.Length > ushort.MaxValue ? "The topic name is longer than 65,535 bytes."
            : packet.Topic.IsEmpty && (version == ProtocolVersion.Mqtt311 || packet.TopicAlias == 0) ? "There is neither a topic name nor an alias."
            : quality > QualityOfService.ExactlyOnce ? "The quality of service does not exist."
            : quality == QualityOfService.AtMostOnce && packet.Duplicate ? "A message of QoS 0 has no DUP flag."
            : quality != QualityOfService.AtMostOnce && packet.PacketId == 0 ? "The packet identifier is 0."
            : packet.PropertiesNeedFiltering ? "The properties of a received message must be filtered before it is sent on."
            : null;
        if (problem is not null)
        {
            throw new ArgumentException(problem, nameof(packet));
        }

        foreach (var identifier in packet.SubscriptionIdentifiers)
        {
            if (identifier is 0 or > VariableByteInteger.Maximum)
            {
                throw new ArgumentException("A subscription identifier is out of range.", nameof(packet));
            }
        }
    }
}
