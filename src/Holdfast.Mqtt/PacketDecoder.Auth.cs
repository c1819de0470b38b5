using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketDecoder
{
    /// <summary>Decodes the body of an AUTH.</summary>
    public static bool TryDecodeAuth(byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out AuthPacket? packet, out DecodeError error)
    {
        var reader = new PacketReader(body);
        var valid = TryReadAuth(ref reader, flags, version, out packet);
        error = reader.Error;
        return valid;
    }

    private static bool TryReadAuth(ref PacketReader reader, byte flags, ProtocolVersion version, out AuthPacket? packet)
    {
        packet = null;
        if (version == ProtocolVersion.Mqtt311)
        {
            return reader.Refuse(DecodeError.Protocol("There is no AUTH in MQTT 3.1.1."));
        }

        if (!TryReadFlags(ref reader, flags, 0))
        {
            return false;
        }

        var read = new AuthPacket();
        if (!reader.Rest.IsEmpty)
        {
            if (!TryReadReason(ref reader, out var reason))
            {
                return false;
            }

            if (!ReasonCodes.IsAllowedInAuth(reason))
            {
                return reader.Refuse(DecodeError.Protocol($"The reason code 0x{(byte)reason:X2} does not belong into an AUTH.", "MQTT-3.15.2-1"));
            }

            read = read with { Reason = reason };
            if (!TryReadAuthProperties(ref reader, ref read))
            {
                return false;
            }
        }

        packet = read;
        return reader.TryReadEnd();
    }

    private static bool TryReadAuthProperties(ref PacketReader reader, ref AuthPacket packet)
    {
        if (!reader.TryReadProperties(PropertySet.Auth, out var properties))
        {
            return false;
        }

        var userProperties = new List<UserProperty>();
        while (properties.TryNext(out var property))
        {
            packet = property.Identifier switch
            {
                PropertyIdentifier.AuthenticationMethod => packet with { AuthenticationMethod = property.Text },
                PropertyIdentifier.AuthenticationData => packet with { AuthenticationData = property.Bytes.ToArray() },
                PropertyIdentifier.ReasonString => packet with { ReasonString = property.Text },
                _ => packet,
            };
            AddUserProperty(userProperties, property);
        }

        packet = packet with { UserProperties = userProperties };
        if (properties.Failed)
        {
            return reader.Refuse(properties.Error);
        }

        return packet.AuthenticationMethod is not null || reader.Refuse(DecodeError.Protocol("An AUTH names no authentication method."));
    }
}
