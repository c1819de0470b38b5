using System.Buffers;
using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketEncoder
{
    /// <summary>Writes a SUBSCRIBE.</summary>
    public static void Write(SubscribePacket packet, ProtocolVersion version, IBufferWriter<byte> destination)
    {
        if (packet.Requests.Count == 0 || packet.SubscriptionIdentifier > VariableByteInteger.Maximum)
        {
            throw new ArgumentException("There is no topic filter, or the subscription identifier is out of range.", nameof(packet));
        }

        using var builder = new PacketBuilder();
        builder.PacketId(packet.PacketId);
        if (version == ProtocolVersion.Mqtt5)
        {
            var start = builder.BeginProperties();
            if (packet.SubscriptionIdentifier != 0)
            {
                builder.Byte((byte)PropertyIdentifier.SubscriptionIdentifier);
                builder.VariableByteInteger(packet.SubscriptionIdentifier);
            }

            builder.UserProperties(packet.UserProperties);
            builder.EndProperties(start);
        }

        foreach (var request in packet.Requests)
        {
            builder.String(request.Filter);
            builder.Byte(OptionsOf(request, version));
        }

        builder.Complete(PacketType.Subscribe, 0b0010, destination);
    }

    private static byte OptionsOf(SubscriptionRequest request, ProtocolVersion version)
    {
        if (request.QualityOfService > QualityOfService.ExactlyOnce || request.RetainHandling > 2)
        {
            throw new ArgumentException("The quality of service or the retain handling does not exist.", nameof(request));
        }

        var options = (int)request.QualityOfService;
        if (version == ProtocolVersion.Mqtt5)
        {
            options |= (request.NoLocal ? 0x04 : 0) | (request.RetainAsPublished ? 0x08 : 0) | request.RetainHandling << 4;
        }

        return (byte)options;
    }

    /// <summary>Writes an UNSUBSCRIBE.</summary>
    public static void Write(UnsubscribePacket packet, ProtocolVersion version, IBufferWriter<byte> destination)
    {
        if (packet.Filters.Count == 0)
        {
            throw new ArgumentException("There is no topic filter.", nameof(packet));
        }

        using var builder = new PacketBuilder();
        builder.PacketId(packet.PacketId);
        if (version == ProtocolVersion.Mqtt5)
        {
            var start = builder.BeginProperties();
            builder.UserProperties(packet.UserProperties);
            builder.EndProperties(start);
        }

        foreach (var filter in packet.Filters)
        {
            builder.String(filter);
        }

        builder.Complete(PacketType.Unsubscribe, 0b0010, destination);
    }

    /// <summary>Writes a SUBACK or UNSUBACK.</summary>
    public static void Write(SubscriptionAckPacket packet, ProtocolVersion version, IBufferWriter<byte> destination)
    {
        if (packet.Type is not (PacketType.SubAck or PacketType.UnsubAck) || packet.Reasons.Count == 0)
        {
            throw new ArgumentException("The type is neither SUBACK nor UNSUBACK, or there is no reason code.", nameof(packet));
        }

        using var builder = new PacketBuilder();
        builder.PacketId(packet.PacketId);
        if (version == ProtocolVersion.Mqtt5)
        {
            var start = builder.BeginProperties();
            builder.Property(PropertyIdentifier.ReasonString, packet.ReasonString);
            builder.UserProperties(packet.UserProperties);
            builder.EndProperties(start);
        }

        if (version == ProtocolVersion.Mqtt5 || packet.Type == PacketType.SubAck)
        {
            foreach (var reason in packet.Reasons)
            {
                var refused = version == ProtocolVersion.Mqtt311 && reason >= ReasonCode.UnspecifiedError;
                builder.Byte((byte)(refused ? ReasonCode.UnspecifiedError : reason));
            }
        }

        builder.Complete(packet.Type, 0, destination);
    }
}
