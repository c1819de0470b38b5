using System.Buffers.Binary;
using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketDecoder
{
    /// <summary>Decodes the body of a PUBLISH. Validates the topic as UTF-8 without wildcards.</summary>
    /// <param name="flags">The flags of the fixed header.</param>
    /// <param name="body">The body; it backs the packet's spans.</param>
    /// <param name="version">The connection's version.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="error">Why it was refused.</param>
    /// <param name="fromServer">Whether a server sent it, which may name subscription identifiers; a client may not [MQTT-3.3.4-6].</param>
    public static bool TryDecodePublish(
        byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out PublishPacket packet, out DecodeError error, bool fromServer = false)
    {
        packet = default;
        var quality = (flags >> 1) & 0b11;
        var duplicate = (flags & 0b1000) != 0;
        if (quality == 3 || (duplicate && quality == 0))
        {
            error = quality == 3
                ? DecodeError.Malformed("The quality of service is 3.", "MQTT-3.3.1-4")
                : DecodeError.Malformed("DUP is set at QoS 0.", "MQTT-3.3.1-2");
            return false;
        }

        var topicEnd = body.Length < 2 ? int.MaxValue - 2 : 2 + BinaryPrimitives.ReadUInt16BigEndian(body);
        var headerEnd = quality == 0 ? topicEnd : topicEnd + 2;
        if (headerEnd > body.Length)
        {
            error = DecodeError.Malformed("The packet ends inside its topic name or packet identifier.");
            return false;
        }

        var topic = body[2..topicEnd];
        if (!Utf8Text.TryValidateTopicName(topic, "MQTT-3.3.2-2", out error))
        {
            return false;
        }

        packet.Topic = topic;
        packet.QualityOfService = (QualityOfService)quality;
        packet.Duplicate = duplicate;
        packet.Retain = (flags & 1) != 0;
        if (quality != 0)
        {
            packet.PacketId = BinaryPrimitives.ReadUInt16BigEndian(body[topicEnd..]);
            if (packet.PacketId == 0)
            {
                error = DecodeError.Protocol("The packet identifier is 0.", "MQTT-2.2.1-3");
                return false;
            }
        }

        packet.Payload = body[headerEnd..];
        if (version == ProtocolVersion.Mqtt5)
        {
            // Most messages have no properties: one zero byte. What reads them has a large frame, so it is called only when needed.
            if (!packet.Payload.IsEmpty && packet.Payload[0] == 0)
            {
                packet.Payload = packet.Payload[1..];
            }
            else if (!TryTakeProperties(ref packet, fromServer, out error))
            {
                return false;
            }
        }

        if (topic.IsEmpty && packet.TopicAlias == 0)
        {
            error = DecodeError.Protocol("The topic name is empty and there is no topic alias.", "MQTT-4.7.3-1");
            return false;
        }

        return true;
    }

    /// <summary>Splits what follows the header into properties and payload.</summary>
    private static bool TryTakeProperties(ref PublishPacket packet, bool fromServer, out DecodeError error)
    {
        var reader = new PacketReader(packet.Payload);
        if (!reader.TryReadVariableByteInteger(out var length) || !reader.TryReadBytes((int)length, out var encoded))
        {
            error = reader.Error;
            return false;
        }

        packet.Properties = encoded;
        packet.Payload = reader.Rest;
        var properties = new PropertyReader(encoded, PropertySet.Publish);
        while (properties.TryNext(out var property))
        {
            switch (property.Identifier)
            {
                case PropertyIdentifier.MessageExpiryInterval:
                    packet.MessageExpirySeconds = property.Number;
                    packet.PropertiesNeedFiltering = true;
                    break;
                case PropertyIdentifier.TopicAlias:
                    packet.TopicAlias = (ushort)property.Number;
                    packet.PropertiesNeedFiltering = true;
                    break;
                case PropertyIdentifier.SubscriptionIdentifier when !fromServer:
                    error = DecodeError.Protocol("A client's PUBLISH holds a subscription identifier.", "MQTT-3.3.4-6");
                    return false;
                case PropertyIdentifier.SubscriptionIdentifier:
                    packet.PropertiesNeedFiltering = true;
                    break;
                default:
                    break;
            }
        }

        error = properties.Error;
        return !properties.Failed;
    }
}
