using System.Buffers;
using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketEncoder
{
    /// <summary>Writes a CONNECT.</summary>
    public static void Write(ConnectPacket packet, IBufferWriter<byte> destination)
    {
        Check(packet);
        using var builder = new PacketBuilder();
        builder.String("MQTT");
        builder.Byte((byte)packet.Version);
        builder.Byte(FlagsOf(packet));
        builder.UInt16(packet.KeepAliveSeconds);
        if (packet.Version == ProtocolVersion.Mqtt5)
        {
            WriteProperties(packet, builder);
        }

        builder.String(packet.ClientId);
        if (packet.Will is { } will)
        {
            Write(will, packet.Version, builder);
        }

        if (packet.UserName is not null)
        {
            builder.String(packet.UserName);
        }

        if (packet.Password is { } password)
        {
            builder.Binary(password.Span);
        }

        builder.Complete(PacketType.Connect, 0, destination);
    }

    private static void Check(ConnectPacket packet)
    {
        var old = packet.Version == ProtocolVersion.Mqtt311;
        var problem = packet.Version is not (ProtocolVersion.Mqtt311 or ProtocolVersion.Mqtt5) ? "The version is unknown."
            : packet.ReceiveMaximum == 0 || packet.MaximumPacketSize == 0 ? "The receive maximum or the maximum packet size is 0."
            : packet.AuthenticationData is not null && packet.AuthenticationMethod is null ? "There is authentication data without a method."
            : old && packet.Password is not null && packet.UserName is null ? "MQTT 3.1.1 has no password without a user name."
            : old && packet.ClientId.Length == 0 && !packet.CleanStart ? "A session that is kept needs a client identifier."
            : packet.Will is { QualityOfService: > QualityOfService.ExactlyOnce } ? "The will's quality of service does not exist."
            : packet.Will is { Topic.Length: 0 } ? "The will's topic is empty."
            : null;
        if (problem is not null)
        {
            throw new ArgumentException(problem, nameof(packet));
        }
    }

    private static byte FlagsOf(ConnectPacket packet)
    {
        var flags = packet.CleanStart ? ConnectFlags.CleanStart : 0;
        if (packet.Will is { } will)
        {
            flags |= ConnectFlags.Will
                | (int)will.QualityOfService << ConnectFlags.WillQualityOfServiceShift
                | (will.Retain ? ConnectFlags.WillRetain : 0);
        }

        return (byte)(flags | (packet.Password is null ? 0 : ConnectFlags.Password) | (packet.UserName is null ? 0 : ConnectFlags.UserName));
    }

    /// <summary>Writes the properties that differ from what their absence means.</summary>
    private static void WriteProperties(ConnectPacket packet, PacketBuilder builder)
    {
        var start = builder.BeginProperties();
        builder.Property(PropertyIdentifier.SessionExpiryInterval, packet.SessionExpirySeconds == 0 ? null : packet.SessionExpirySeconds);
        builder.Property(PropertyIdentifier.ReceiveMaximum, packet.ReceiveMaximum == ushort.MaxValue ? null : packet.ReceiveMaximum);
        builder.Property(PropertyIdentifier.MaximumPacketSize, packet.MaximumPacketSize == uint.MaxValue ? null : packet.MaximumPacketSize);
        builder.Property(PropertyIdentifier.TopicAliasMaximum, packet.TopicAliasMaximum == 0 ? null : packet.TopicAliasMaximum);
        builder.Property(PropertyIdentifier.RequestResponseInformation, packet.RequestResponseInformation ? true : null);
        builder.Property(PropertyIdentifier.RequestProblemInformation, packet.RequestProblemInformation ? null : false);
        builder.Property(PropertyIdentifier.AuthenticationMethod, packet.AuthenticationMethod);
        builder.Property(PropertyIdentifier.AuthenticationData, packet.AuthenticationData);
        builder.UserProperties(packet.UserProperties);
        builder.EndProperties(start);
    }

    private static void Write(Will will, ProtocolVersion version, PacketBuilder builder)
    {
        if (version == ProtocolVersion.Mqtt5)
        {
            var start = builder.BeginProperties();
            builder.Property(PropertyIdentifier.WillDelayInterval, will.DelaySeconds == 0 ? null : will.DelaySeconds);
            builder.Property(PropertyIdentifier.MessageExpiryInterval, will.MessageExpirySeconds);
            builder.Bytes(will.Properties.Span);
            builder.EndProperties(start);
        }

        builder.String(will.Topic);
        builder.Binary(will.Payload.Span);
    }
}
