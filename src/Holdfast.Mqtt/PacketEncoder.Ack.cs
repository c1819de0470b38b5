using System.Buffers.Binary;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Mqtt;

public static partial class PacketEncoder
{
    /// <summary>Most bytes that an acknowledgement takes.</summary>
    public const int MaximumAckSize = 6;

    /// <summary>Writes a PUBACK, PUBREC, PUBREL or PUBCOMP without allocating; success in its short form.</summary>
    /// <returns>The bytes written, at most <see cref="MaximumAckSize"/>.</returns>
    public static int Write(AckPacket packet, ProtocolVersion version, Span<byte> destination)
    {
        if (packet.Type is < PacketType.PubAck or > PacketType.PubComp || packet.PacketId == 0)
        {
            throw new ArgumentException("The type is no acknowledgement, or the packet identifier is 0.", nameof(packet));
        }

        var hasReason = version == ProtocolVersion.Mqtt5 && packet.Reason != ReasonCode.Success;
        destination[0] = (byte)((int)packet.Type << 4 | (packet.Type == PacketType.PubRel ? 0b0010 : 0));
        destination[1] = hasReason ? (byte)3 : (byte)2;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], packet.PacketId);
        if (!hasReason)
        {
            return 4;
        }

        destination[4] = (byte)packet.Reason;
        return 5;
    }
}
