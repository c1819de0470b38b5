using System.Buffers;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Mqtt;

/// <summary>Packets to bytes, for both sides of a connection. MQTT 5 properties are left out for a 3.1.1 peer.</summary>
public static partial class PacketEncoder
{
    /// <summary>Bytes of the whole packet.</summary>
    public static int Measure(in PublishPacket packet, ProtocolVersion version) => throw new NotImplementedException();

    /// <summary>Writes a PUBLISH without allocating.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="version">The peer's version.</param>
    /// <param name="destination">At least <see cref="Measure(in PublishPacket, ProtocolVersion)"/> bytes.</param>
    /// <returns>The bytes written.</returns>
    public static int Write(in PublishPacket packet, ProtocolVersion version, Span<byte> destination) => throw new NotImplementedException();

    /// <summary>Most bytes that an acknowledgement takes.</summary>
    public const int MaximumAckSize = 6;

    /// <summary>Writes a PUBACK, PUBREC, PUBREL or PUBCOMP without allocating; success in its short form.</summary>
    /// <returns>The bytes written, at most <see cref="MaximumAckSize"/>.</returns>
    public static int Write(AckPacket packet, ProtocolVersion version, Span<byte> destination) => throw new NotImplementedException();

    /// <summary>Writes a CONNECT.</summary>
    public static void Write(ConnectPacket packet, IBufferWriter<byte> destination) => throw new NotImplementedException();

    /// <summary>Writes a CONNACK.</summary>
    public static void Write(ConnAckPacket packet, ProtocolVersion version, IBufferWriter<byte> destination) => throw new NotImplementedException();

    /// <summary>Writes a SUBSCRIBE.</summary>
    public static void Write(SubscribePacket packet, ProtocolVersion version, IBufferWriter<byte> destination) => throw new NotImplementedException();

    /// <summary>Writes a SUBACK or UNSUBACK.</summary>
    public static void Write(SubscriptionAckPacket packet, ProtocolVersion version, IBufferWriter<byte> destination) => throw new NotImplementedException();

    /// <summary>Writes an UNSUBSCRIBE.</summary>
    public static void Write(UnsubscribePacket packet, ProtocolVersion version, IBufferWriter<byte> destination) => throw new NotImplementedException();

    /// <summary>Writes a PINGREQ or PINGRESP: two bytes.</summary>
    public static void WritePing(PacketType type, IBufferWriter<byte> destination) => throw new NotImplementedException();

    /// <summary>Writes a DISCONNECT. Nothing is written to a 3.1.1 client by a server; the caller closes the connection instead.</summary>
    public static void Write(DisconnectPacket packet, ProtocolVersion version, IBufferWriter<byte> destination) => throw new NotImplementedException();

    /// <summary>Writes an AUTH.</summary>
    public static void Write(AuthPacket packet, IBufferWriter<byte> destination) => throw new NotImplementedException();
}
