using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketDecoder
{
    /// <summary>Decodes the body of a SUBACK or UNSUBACK.</summary>
    public static bool TryDecodeSubscriptionAck(
        PacketType type, byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out SubscriptionAckPacket? packet, out DecodeError error)
    {
        var reader = new PacketReader(body);
        var valid = TryReadSubscriptionAck(ref reader, type, flags, version, out packet);
        error = reader.Error;
        return valid;
    }

    private static bool TryReadSubscriptionAck(
        ref PacketReader reader, PacketType type, byte flags, ProtocolVersion version, out SubscriptionAckPacket? packet)
    {
        packet = null;
        string? reasonString = null;
        var userProperties = new List<UserProperty>();
        if (!TryReadFlags(ref reader, flags, 0)
            || !reader.TryReadPacketId(out var packetId)
            || (version == ProtocolVersion.Mqtt5 && !TryReadAckProperties(ref reader, userProperties, out reasonString)))
        {
            return false;
        }

        var reasons = new List<ReasonCode>();
        if (type == PacketType.SubAck || version == ProtocolVersion.Mqtt5)
        {
            if (!TryReadReasons(ref reader, type, version, reasons))
            {
                return false;
            }
        }
        else if (!reader.TryReadEnd())
        {
            return false;
        }

        packet = new SubscriptionAckPacket
        {
            Type = type,
            PacketId = packetId,
            Reasons = reasons,
            ReasonString = reasonString,
            UserProperties = userProperties,
        };
        return true;
    }

    private static bool TryReadReasons(ref PacketReader reader, PacketType type, ProtocolVersion version, List<ReasonCode> reasons)
    {
        if (reader.Rest.IsEmpty)
        {
            return reader.Refuse(DecodeError.Protocol("There is no reason code.", type == PacketType.SubAck ? "MQTT-3.8.4-6" : "MQTT-3.11.3-1"));
        }

        while (!reader.Rest.IsEmpty)
        {
            _ = TryReadReason(ref reader, out var reason);
            var allowed = type == PacketType.UnsubAck ? ReasonCodes.IsAllowedInUnsubAck(reason)
                : version == ProtocolVersion.Mqtt5 ? ReasonCodes.IsAllowedInSubAck(reason)
                : reason is <= ReasonCode.GrantedQos2 or ReasonCode.UnspecifiedError;
            if (!allowed)
            {
                return reader.Refuse(DecodeError.Protocol(
                    $"The reason code 0x{(byte)reason:X2} does not belong into this packet.",
                    type == PacketType.SubAck ? "MQTT-3.9.3-2" : "MQTT-3.11.3-2"));
            }

            reasons.Add(reason);
        }

        return true;
    }

    private static bool TryReadAckProperties(ref PacketReader reader, List<UserProperty> userProperties, out string? reasonString)
    {
        reasonString = null;
        if (!reader.TryReadProperties(PropertySet.Acknowledgement, out var properties))
        {
            return false;
        }

        while (properties.TryNext(out var property))
        {
            AddUserProperty(userProperties, property);
            if (property.Identifier == PropertyIdentifier.ReasonString)
            {
                reasonString = property.Text;
            }
        }

        return !properties.Failed || reader.Refuse(properties.Error);
    }
}
