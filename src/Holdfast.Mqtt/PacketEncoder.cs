using System.Buffers;

namespace Holdfast.Mqtt;

/// <summary>
/// Packets to bytes, for both sides of a connection. MQTT 5 properties are left out for a 3.1.1 peer. An <see cref="ArgumentException"/>
/// means that the packet cannot exist: a field is too long, ill-formed, or 0 where the standard forbids it.
/// </summary>
public static partial class PacketEncoder
{
    /// <summary>Writes a PINGREQ or PINGRESP: two bytes.</summary>
    public static void WritePing(PacketType type, IBufferWriter<byte> destination)
    {
        if (type is not (PacketType.PingReq or PacketType.PingResp))
        {
            throw new ArgumentException("A ping is a PINGREQ or a PINGRESP.", nameof(type));
        }

        var bytes = destination.GetSpan(2);
        bytes[0] = (byte)((int)type << 4);
        bytes[1] = 0;
        destination.Advance(2);
    }
}
