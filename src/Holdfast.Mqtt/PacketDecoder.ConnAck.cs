using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketDecoder
{
    /// <summary>Decodes the body of a CONNACK.</summary>
    public static bool TryDecodeConnAck(
        byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out ConnAckPacket? packet, out DecodeError error)
    {
        var reader = new PacketReader(body);
        var valid = TryReadConnAck(ref reader, flags, version, out packet);
        error = reader.Error;
        return valid;
    }

    private static bool TryReadConnAck(ref PacketReader reader, byte flags, ProtocolVersion version, out ConnAckPacket? packet)
    {
        packet = null;
        if (!TryReadFlags(ref reader, flags, 0) || !reader.TryReadByte(out var acknowledgeFlags))
        {
            return false;
        }

        if (acknowledgeFlags > 1)
        {
            return reader.Refuse(DecodeError.Malformed("A reserved acknowledge flag is set.", "MQTT-3.2.2-1"));
        }

        if (!TryReadConnAckReason(ref reader, version, out var reason))
        {
            return false;
        }

        var read = new ConnAckPacket { Reason = reason, SessionPresent = acknowledgeFlags == 1 };
        if (read.SessionPresent && reason != ReasonCode.Success)
        {
            return reader.Refuse(DecodeError.Protocol("A refusal says that a session is present.", "MQTT-3.2.2-6"));
        }

        if ((version == ProtocolVersion.Mqtt5 && !TryReadConnAckProperties(ref reader, ref read)) || !reader.TryReadEnd())
        {
            return false;
        }

        packet = read;
        return true;
    }

    private static bool TryReadConnAckReason(ref PacketReader reader, ProtocolVersion version, out ReasonCode reason)
    {
        if (!TryReadReason(ref reader, out reason))
        {
            return false;
        }

        if (version == ProtocolVersion.Mqtt5)
        {
            return ReasonCodes.IsAllowedInConnAck(reason)
                || reader.Refuse(DecodeError.Protocol($"The reason code 0x{(byte)reason:X2} does not belong into a CONNACK.", "MQTT-3.2.2-8"));
        }

        var translated = ReasonCodes.FromReturnCode((byte)reason);
        if (translated is null)
        {
            return reader.Refuse(DecodeError.Protocol($"The return code {(byte)reason} is reserved.", "3.1.1 MQTT-3.2.2-6"));
        }

        reason = translated.Value;
        return true;
    }

    private static bool TryReadConnAckProperties(ref PacketReader reader, ref ConnAckPacket packet)
    {
        if (!reader.TryReadProperties(PropertySet.ConnAck, out var properties))
        {
            return false;
        }

        var userProperties = new List<UserProperty>();
        while (properties.TryNext(out var property))
        {
            packet = Apply(packet, property);
            AddUserProperty(userProperties, property);
        }

        packet = packet with { UserProperties = userProperties };
        return TryEndAuthenticatedProperties(ref reader, properties);
    }

    private static ConnAckPacket Apply(ConnAckPacket packet, in Property property) => property.Identifier switch
    {
        PropertyIdentifier.SessionExpiryInterval => packet with { SessionExpirySeconds = property.Number },
        PropertyIdentifier.ReceiveMaximum => packet with { ReceiveMaximum = (ushort)property.Number },
        PropertyIdentifier.MaximumQos => packet with { MaximumQualityOfService = (QualityOfService)property.Number },
        PropertyIdentifier.RetainAvailable => packet with { RetainAvailable = property.Flag },
        PropertyIdentifier.MaximumPacketSize => packet with { MaximumPacketSize = property.Number },
        PropertyIdentifier.AssignedClientIdentifier => packet with { AssignedClientId = property.Text },
        PropertyIdentifier.TopicAliasMaximum => packet with { TopicAliasMaximum = (ushort)property.Number },
        PropertyIdentifier.ReasonString => packet with { ReasonString = property.Text },
        PropertyIdentifier.WildcardSubscriptionAvailable => packet with { WildcardSubscriptionAvailable = property.Flag },
        PropertyIdentifier.SubscriptionIdentifierAvailable => packet with { SubscriptionIdentifierAvailable = property.Flag },
        PropertyIdentifier.SharedSubscriptionAvailable => packet with { SharedSubscriptionAvailable = property.Flag },
        PropertyIdentifier.ServerKeepAlive => packet with { ServerKeepAliveSeconds = (ushort)property.Number },
        PropertyIdentifier.ResponseInformation => packet with { ResponseInformation = property.Text },
        PropertyIdentifier.ServerReference => packet with { ServerReference = property.Text },
        PropertyIdentifier.AuthenticationMethod => packet with { AuthenticationMethod = property.Text },
        PropertyIdentifier.AuthenticationData => packet with { AuthenticationData = property.Bytes.ToArray() },
        _ => packet,
    };
}
