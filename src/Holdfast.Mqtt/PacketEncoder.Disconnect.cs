using System.Buffers;
using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketEncoder
{
    /// <summary>
    /// Writes a DISCONNECT. In MQTT 3.1.1 only a client sends one, and only to say that all is well: nothing is written for any other
    /// reason, and a server writes none; the caller closes the connection instead.
    /// </summary>
    public static void Write(DisconnectPacket packet, ProtocolVersion version, IBufferWriter<byte> destination)
    {
        if (version == ProtocolVersion.Mqtt311 && packet.Reason != ReasonCode.Success)
        {
            return;
        }

        using var builder = new PacketBuilder();
        if (version == ProtocolVersion.Mqtt5)
        {
            WriteDetails(packet, builder);
        }

        builder.Complete(PacketType.Disconnect, 0, destination);
    }

    private static void WriteDetails(DisconnectPacket packet, PacketBuilder builder)
    {
        var hasProperties = packet.SessionExpirySeconds is not null || packet.ReasonString is not null || packet.ServerReference is not null
            || packet.UserProperties.Count != 0;
        if (!hasProperties && packet.Reason == ReasonCode.Success)
        {
            return;
        }

        builder.Byte((byte)packet.Reason);
        var start = builder.BeginProperties();
        builder.Property(PropertyIdentifier.SessionExpiryInterval, packet.SessionExpirySeconds);
        builder.Property(PropertyIdentifier.ReasonString, packet.ReasonString);
        builder.Property(PropertyIdentifier.ServerReference, packet.ServerReference);
        builder.UserProperties(packet.UserProperties);
        builder.EndProperties(start);
    }

    /// <summary>Writes an AUTH.</summary>
    public static void Write(AuthPacket packet, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(packet.AuthenticationMethod);
        using var builder = new PacketBuilder();
        builder.Byte((byte)packet.Reason);
        var start = builder.BeginProperties();
        builder.Property(PropertyIdentifier.AuthenticationMethod, packet.AuthenticationMethod);
        builder.Property(PropertyIdentifier.AuthenticationData, packet.AuthenticationData);
        builder.Property(PropertyIdentifier.ReasonString, packet.ReasonString);
        builder.UserProperties(packet.UserProperties);
        builder.EndProperties(start);
        builder.Complete(PacketType.Auth, 0, destination);
    }
}
