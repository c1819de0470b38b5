using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketDecoder
{
    /// <summary>Decodes the body of a PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public static bool TryDecodeAck(
        PacketType type, byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out AckPacket packet, out DecodeError error)
    {
        packet = default;
        var reader = new PacketReader(body);
        if (!TryReadFlags(ref reader, flags, type == PacketType.PubRel ? (byte)0b0010 : (byte)0) || !reader.TryReadPacketId(out var packetId))
        {
            error = reader.Error;
            return false;
        }

        var reason = ReasonCode.Success;
        if (version == ProtocolVersion.Mqtt5 && !reader.Rest.IsEmpty && !TryReadAckDetails(ref reader, type, out reason))
        {
            error = reader.Error;
            return false;
        }

        packet = new AckPacket(type, packetId, reason);
        var valid = reader.TryReadEnd();
        error = reader.Error;
        return valid;
    }

    private static bool TryReadAckDetails(ref PacketReader reader, PacketType type, out ReasonCode reason)
    {
        if (!TryReadReason(ref reader, out reason))
        {
            return false;
        }

        if (!ReasonCodes.IsAllowedInAck(type, reason))
        {
            return reader.Refuse(
                DecodeError.Protocol($"The reason code 0x{(byte)reason:X2} does not belong into this packet.", ClauseOfAckReason(type)));
        }

        return reader.Rest.IsEmpty || TryReadUnusedProperties(ref reader);
    }

    private static string ClauseOfAckReason(PacketType type) => type switch
    {
        PacketType.PubAck => "MQTT-3.4.2-1",
        PacketType.PubRec => "MQTT-3.5.2-1",
        PacketType.PubRel => "MQTT-3.6.2-1",
        _ => "MQTT-3.7.2-1",
    };

    private static bool TryReadReason(ref PacketReader reader, out ReasonCode reason)
    {
        var complete = reader.TryReadByte(out var value);
        reason = (ReasonCode)value;
        return complete;
    }

    /// <summary>Reads the properties of an acknowledgement for their validity.</summary>
    private static bool TryReadUnusedProperties(ref PacketReader reader)
        => reader.TryReadProperties(PropertySet.Acknowledgement, out var properties)
            && (properties.TryReadToEnd(out var error) || reader.Refuse(error));
}
