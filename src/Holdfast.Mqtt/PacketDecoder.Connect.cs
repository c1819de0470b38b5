using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketDecoder
{
    private const int ProtocolLevelPosition = 6;

    /// <summary>The protocol name with its length.</summary>
    private static ReadOnlySpan<byte> ProtocolName => "\0\u0004MQTT"u8;

    /// <summary>The protocol level that a CONNECT names: tells which version to answer in when the CONNECT was refused.</summary>
    /// <param name="body">The body of the CONNECT.</param>
    /// <returns>The level, or 0 when there is none.</returns>
    public static byte ReadProtocolLevel(ReadOnlySpan<byte> body)
        => body.StartsWith(ProtocolName) && body.Length > ProtocolLevelPosition ? body[ProtocolLevelPosition] : (byte)0;

    /// <summary>Decodes the body of a CONNECT; the version is in it.</summary>
    public static bool TryDecodeConnect(byte flags, ReadOnlySpan<byte> body, out ConnectPacket? packet, out DecodeError error)
    {
        var reader = new PacketReader(body);
        var valid = TryReadConnect(ref reader, flags, out packet);
        error = reader.Error;
        return valid;
    }

    private static bool TryReadConnect(ref PacketReader reader, byte flags, out ConnectPacket? packet)
    {
        packet = null;
        if (!TryReadFlags(ref reader, flags, 0)
            || !TryReadVersion(ref reader, out var version)
            || !reader.TryReadByte(out var bits)
            || !TryJudgeConnectFlags(ref reader, bits, version)
            || !reader.TryReadUInt16(out var keepAlive))
        {
            return false;
        }

        var cleanStart = (bits & ConnectFlags.CleanStart) != 0;
        var read = new ConnectPacket
        {
            Version = version,
            ClientId = "",
            CleanStart = cleanStart,
            KeepAliveSeconds = keepAlive,
            SessionExpirySeconds = version == ProtocolVersion.Mqtt311 && !cleanStart ? uint.MaxValue : 0,
        };
        if ((version == ProtocolVersion.Mqtt5 && !TryReadConnectProperties(ref reader, ref read))
            || !TryReadClientId(ref reader, ref read)
            || !TryReadWill(ref reader, bits, ref read)
            || !TryReadCredentials(ref reader, bits, ref read)
            || !reader.TryReadEnd())
        {
            return false;
        }

        packet = read;
        return true;
    }

    private static bool TryReadVersion(ref PacketReader reader, out ProtocolVersion version)
    {
        version = default;
        if (!reader.TryReadBinary(out var name))
        {
            return false;
        }

        if (!name.SequenceEqual("MQTT"u8))
        {
            return reader.Refuse(new DecodeError(ReasonCode.UnsupportedProtocolVersion, "The protocol name is not MQTT.", "MQTT-3.1.2-1"));
        }

        if (!reader.TryReadByte(out var level))
        {
            return false;
        }

        version = (ProtocolVersion)level;
        return version is ProtocolVersion.Mqtt311 or ProtocolVersion.Mqtt5
            || reader.Refuse(new DecodeError(
                ReasonCode.UnsupportedProtocolVersion, $"The protocol level {level} is neither 4 nor 5.", "MQTT-3.1.2-2"));
    }

    private static bool TryJudgeConnectFlags(ref PacketReader reader, byte bits, ProtocolVersion version)
    {
        var will = (bits & ConnectFlags.Will) != 0;
        var quality = (bits & ConnectFlags.WillQualityOfService) >> ConnectFlags.WillQualityOfServiceShift;
        if ((bits & ConnectFlags.Reserved) != 0)
        {
            return reader.Refuse(DecodeError.Malformed("The reserved connect flag is set.", "MQTT-3.1.2-3"));
        }

        if (!will && quality != 0)
        {
            return reader.Refuse(DecodeError.Malformed("There is no will, but a will QoS.", "MQTT-3.1.2-11"));
        }

        if (quality == 3)
        {
            return reader.Refuse(DecodeError.Malformed("The will QoS is 3.", "MQTT-3.1.2-12"));
        }

        if (!will && (bits & ConnectFlags.WillRetain) != 0)
        {
            return reader.Refuse(DecodeError.Malformed("There is no will, but will retain.", "MQTT-3.1.2-13"));
        }

        var passwordOnly = (bits & (ConnectFlags.UserName | ConnectFlags.Password)) == ConnectFlags.Password;
        return version != ProtocolVersion.Mqtt311 || !passwordOnly
            || reader.Refuse(DecodeError.Malformed("There is a password without a user name.", "3.1.1 MQTT-3.1.2-22"));
    }

    private static bool TryReadConnectProperties(ref PacketReader reader, ref ConnectPacket packet)
    {
        if (!reader.TryReadProperties(PropertySet.Connect, out var properties))
        {
            return false;
        }

        var userProperties = new List<UserProperty>();
        while (properties.TryNext(out var property))
        {
            packet = property.Identifier switch
            {
                PropertyIdentifier.SessionExpiryInterval => packet with { SessionExpirySeconds = property.Number },
                PropertyIdentifier.ReceiveMaximum => packet with { ReceiveMaximum = (ushort)property.Number },
                PropertyIdentifier.MaximumPacketSize => packet with { MaximumPacketSize = property.Number },
                PropertyIdentifier.TopicAliasMaximum => packet with { TopicAliasMaximum = (ushort)property.Number },
                PropertyIdentifier.RequestResponseInformation => packet with { RequestResponseInformation = property.Flag },
                PropertyIdentifier.RequestProblemInformation => packet with { RequestProblemInformation = property.Flag },
                PropertyIdentifier.AuthenticationMethod => packet with { AuthenticationMethod = property.Text },
                PropertyIdentifier.AuthenticationData => packet with { AuthenticationData = property.Bytes.ToArray() },
                _ => packet,
            };
            AddUserProperty(userProperties, property);
        }

        packet = packet with { UserProperties = userProperties };
        return TryEndAuthenticatedProperties(ref reader, properties);
    }

    /// <summary>Ends the properties of a packet where authentication data is an error without its method.</summary>
    private static bool TryEndAuthenticatedProperties(ref PacketReader reader, in PropertyReader properties)
    {
        if (properties.Failed)
        {
            return reader.Refuse(properties.Error);
        }

        return properties.HasSeen(PropertyIdentifier.AuthenticationMethod)
            || !properties.HasSeen(PropertyIdentifier.AuthenticationData)
            || reader.Refuse(DecodeError.Protocol("There is authentication data without an authentication method."));
    }

    private static void AddUserProperty(List<UserProperty> userProperties, in Property property)
    {
        if (property.Identifier == PropertyIdentifier.UserProperty)
        {
            userProperties.Add(property.UserProperty);
        }
    }

    private static bool TryReadClientId(ref PacketReader reader, ref ConnectPacket packet)
    {
        if (!reader.TryReadString(out var clientId))
        {
            return false;
        }

        packet = packet with { ClientId = clientId };
        return clientId.Length > 0 || packet.CleanStart || packet.Version == ProtocolVersion.Mqtt5
            || reader.Refuse(new DecodeError(
                ReasonCode.ClientIdentifierNotValid, "The client identifier is empty, but the session is not clean.", "3.1.1 MQTT-3.1.3-7"));
    }

    private static bool TryReadCredentials(ref PacketReader reader, byte bits, ref ConnectPacket packet)
    {
        if ((bits & ConnectFlags.UserName) != 0)
        {
            if (!reader.TryReadString(out var userName))
            {
                return false;
            }

            packet = packet with { UserName = userName };
        }

        if ((bits & ConnectFlags.Password) != 0)
        {
            if (!reader.TryReadBinary(out var password))
            {
                return false;
            }

            packet = packet with { Password = password.ToArray() };
        }

        return true;
    }
}
