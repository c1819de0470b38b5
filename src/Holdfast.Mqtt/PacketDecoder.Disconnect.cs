using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketDecoder
{
    /// <summary>Decodes the body of a DISCONNECT.</summary>
    /// <param name="flags">The flags of the fixed header.</param>
    /// <param name="body">The body.</param>
    /// <param name="version">The connection's version.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="error">Why it was refused.</param>
    /// <param name="fromServer">
    /// Whether a server sent it: other reason codes are allowed [MQTT-3.14.2-1], a session expiry is not [MQTT-3.14.2-2], and in 3.1.1 none is.
    /// </param>
    public static bool TryDecodeDisconnect(
        byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out DisconnectPacket? packet, out DecodeError error, bool fromServer = false)
    {
        var reader = new PacketReader(body);
        var valid = TryReadDisconnect(ref reader, flags, version, fromServer, out packet);
        error = reader.Error;
        return valid;
    }

    private static bool TryReadDisconnect(
        ref PacketReader reader, byte flags, ProtocolVersion version, bool fromServer, out DisconnectPacket? packet)
    {
        packet = null;
        if (!TryReadFlags(ref reader, flags, 0))
        {
            return false;
        }

        if (version == ProtocolVersion.Mqtt311 && fromServer)
        {
            return reader.Refuse(DecodeError.Protocol("A server does not send DISCONNECT in MQTT 3.1.1."));
        }

        var read = new DisconnectPacket();
        if (version == ProtocolVersion.Mqtt5 && !reader.Rest.IsEmpty)
        {
            if (!TryReadReason(ref reader, out var reason))
            {
                return false;
            }

            if (fromServer ? !ReasonCodes.IsAllowedInDisconnectFromServer(reason) : !ReasonCodes.IsAllowedInDisconnectFromClient(reason))
            {
                return reader.Refuse(
                    DecodeError.Protocol($"This side does not disconnect with the reason code 0x{(byte)reason:X2}.", "MQTT-3.14.2-1"));
            }

            read = read with { Reason = reason };
            if (!reader.Rest.IsEmpty && !TryReadDisconnectProperties(ref reader, fromServer, ref read))
            {
                return false;
            }
        }

        packet = read;
        return reader.TryReadEnd();
    }

    private static bool TryReadDisconnectProperties(ref PacketReader reader, bool fromServer, ref DisconnectPacket packet)
    {
        if (!reader.TryReadProperties(PropertySet.Disconnect, out var properties))
        {
            return false;
        }

        var userProperties = new List<UserProperty>();
        while (properties.TryNext(out var property))
        {
            packet = property.Identifier switch
            {
                PropertyIdentifier.SessionExpiryInterval => packet with { SessionExpirySeconds = property.Number },
                PropertyIdentifier.ReasonString => packet with { ReasonString = property.Text },
                PropertyIdentifier.ServerReference => packet with { ServerReference = property.Text },
                _ => packet,
            };
            AddUserProperty(userProperties, property);
        }

        if (properties.Failed)
        {
            return reader.Refuse(properties.Error);
        }

        packet = packet with { UserProperties = userProperties };
        return !fromServer || packet.SessionExpirySeconds is null
            || reader.Refuse(DecodeError.Protocol("A server's DISCONNECT holds a session expiry interval.", "MQTT-3.14.2-2"));
    }
}
