using Holdfast.Mqtt.Packets;

namespace Holdfast.Mqtt;

/// <summary>Bytes to packets, for both sides of a connection. Every malformed form is refused with its reason; nothing here throws.</summary>
public static partial class PacketDecoder
{
    /// <summary>Reads a fixed header.</summary>
    /// <param name="bytes">The first bytes of a packet; five always suffice.</param>
    /// <param name="maximumPacketSize">The largest whole packet allowed, in bytes.</param>
    /// <param name="header">The header, when complete.</param>
    public static FrameStatus TryReadHeader(ReadOnlySpan<byte> bytes, uint maximumPacketSize, out FrameHeader header) => throw new NotImplementedException();

    /// <summary>Decodes the body of a PUBLISH. Validates the topic as UTF-8 without wildcards.</summary>
    public static bool TryDecodePublish(byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out PublishPacket packet, out DecodeError error) => throw new NotImplementedException();

    /// <summary>Decodes the body of a PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public static bool TryDecodeAck(PacketType type, byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out AckPacket packet, out DecodeError error) => throw new NotImplementedException();

    /// <summary>Decodes the body of a CONNECT; the version is in it.</summary>
    public static bool TryDecodeConnect(byte flags, ReadOnlySpan<byte> body, out ConnectPacket? packet, out DecodeError error) => throw new NotImplementedException();

    /// <summary>Decodes the body of a CONNACK.</summary>
    public static bool TryDecodeConnAck(byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out ConnAckPacket? packet, out DecodeError error) => throw new NotImplementedException();

    /// <summary>Decodes the body of a SUBSCRIBE.</summary>
    public static bool TryDecodeSubscribe(byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out SubscribePacket? packet, out DecodeError error) => throw new NotImplementedException();

    /// <summary>Decodes the body of a SUBACK or UNSUBACK.</summary>
    public static bool TryDecodeSubscriptionAck(PacketType type, byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out SubscriptionAckPacket? packet, out DecodeError error) => throw new NotImplementedException();

    /// <summary>Decodes the body of an UNSUBSCRIBE.</summary>
    public static bool TryDecodeUnsubscribe(byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out UnsubscribePacket? packet, out DecodeError error) => throw new NotImplementedException();

    /// <summary>Decodes the body of a PINGREQ or PINGRESP.</summary>
    public static bool TryDecodePing(byte flags, ReadOnlySpan<byte> body, out DecodeError error) => throw new NotImplementedException();

    /// <summary>Decodes the body of a DISCONNECT.</summary>
    public static bool TryDecodeDisconnect(byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out DisconnectPacket? packet, out DecodeError error) => throw new NotImplementedException();

    /// <summary>Decodes the body of an AUTH.</summary>
    public static bool TryDecodeAuth(byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out AuthPacket? packet, out DecodeError error) => throw new NotImplementedException();
}
