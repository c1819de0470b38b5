using System.Buffers;
using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketEncoder
{
    /// <summary>
    /// Writes a CONNACK. Nothing is written to a 3.1.1 client for a reason that has no return code: the connection is closed without one
    /// [3.1.1 MQTT-3.2.2-6].
    /// </summary>
    public static void Write(ConnAckPacket packet, ProtocolVersion version, IBufferWriter<byte> destination)
    {
        var reason = version == ProtocolVersion.Mqtt5 ? (byte)packet.Reason : ReasonCodes.ToReturnCode(packet.Reason);
        if (reason is null)
        {
            return;
        }

        Check(packet);
        using var builder = new PacketBuilder();
        builder.Byte(packet.SessionPresent ? (byte)1 : (byte)0);
        builder.Byte(reason.Value);
        if (version == ProtocolVersion.Mqtt5)
        {
            WriteProperties(packet, builder);
        }

        builder.Complete(PacketType.ConnAck, 0, destination);
    }

    private static void Check(ConnAckPacket packet)
    {
        var problem = packet.SessionPresent && packet.Reason != ReasonCode.Success ? "A refusal cannot have a session present."
            : packet.ReceiveMaximum == 0 || packet.MaximumPacketSize == 0 ? "The receive maximum or the maximum packet size is 0."
            : packet.AuthenticationData is not null && packet.AuthenticationMethod is null ? "There is authentication data without a method."
            : null;
        if (problem is not null)
        {
            throw new ArgumentException(problem, nameof(packet));
        }
    }

    private static void WriteProperties(ConnAckPacket packet, PacketBuilder builder)
    {
        var start = builder.BeginProperties();
        builder.Property(PropertyIdentifier.SessionExpiryInterval, packet.SessionExpirySeconds);
        builder.Property(PropertyIdentifier.ReceiveMaximum, packet.ReceiveMaximum);
        builder.Property(PropertyIdentifier.MaximumQos, MaximumQos(packet.MaximumQualityOfService));
        builder.Property(PropertyIdentifier.RetainAvailable, packet.RetainAvailable);
        builder.Property(PropertyIdentifier.MaximumPacketSize, packet.MaximumPacketSize);
        builder.Property(PropertyIdentifier.AssignedClientIdentifier, packet.AssignedClientId);
        builder.Property(PropertyIdentifier.TopicAliasMaximum, packet.TopicAliasMaximum);
        builder.Property(PropertyIdentifier.ReasonString, packet.ReasonString);
        builder.Property(PropertyIdentifier.WildcardSubscriptionAvailable, packet.WildcardSubscriptionAvailable);
        builder.Property(PropertyIdentifier.SubscriptionIdentifierAvailable, packet.SubscriptionIdentifierAvailable);
        builder.Property(PropertyIdentifier.SharedSubscriptionAvailable, packet.SharedSubscriptionAvailable);
        builder.Property(PropertyIdentifier.ServerKeepAlive, packet.ServerKeepAliveSeconds);
        builder.Property(PropertyIdentifier.ResponseInformation, packet.ResponseInformation);
        builder.Property(PropertyIdentifier.ServerReference, packet.ServerReference);
        builder.Property(PropertyIdentifier.AuthenticationMethod, packet.AuthenticationMethod);
        builder.Property(PropertyIdentifier.AuthenticationData, packet.AuthenticationData);
        builder.UserProperties(packet.UserProperties);
        builder.EndProperties(start);
    }

    /// <summary>The property says 0 or 1; its absence says 2, and 2 itself must not be sent.</summary>
    private static bool? MaximumQos(QualityOfService? maximum) => maximum switch
    {
        QualityOfService.AtMostOnce => false,
        QualityOfService.AtLeastOnce => true,
        _ => null,
    };
}
