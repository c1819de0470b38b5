namespace Holdfast.Mqtt.Tests;

/// <summary>Decodes whole packets with the codec, whatever their type.</summary>
public static class Decoding
{
    /// <summary>Decodes one whole packet.</summary>
    /// <returns>Its fields, or null when it is refused.</returns>
    public static string? Decode(byte[] packet, ProtocolVersion version, bool fromServer, out DecodeError error)
    {
        error = default;
        var status = PacketDecoder.TryReadHeader(packet, uint.MaxValue, out var header);
        if (status != FrameStatus.Complete || header.Length != packet.Length)
        {
            return null;
        }

        return DecodeBody(header, packet.AsSpan(header.HeaderLength), version, fromServer, out error);
    }

    private static string? DecodeBody(FrameHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, bool fromServer, out DecodeError error)
    {
        var flags = header.Flags;
        switch (header.Type)
        {
            case PacketType.Connect:
                return PacketDecoder.TryDecodeConnect(flags, body, out var connect, out error) ? PacketText.Of(connect!) : null;
            case PacketType.ConnAck:
                return PacketDecoder.TryDecodeConnAck(flags, body, version, out var connAck, out error) ? PacketText.Of(connAck!) : null;
            case PacketType.Publish:
                return PacketDecoder.TryDecodePublish(flags, body, version, out var publish, out error, fromServer)
                    ? PacketText.Of(publish, version)
                    : null;
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubRel or PacketType.PubComp:
                return PacketDecoder.TryDecodeAck(header.Type, flags, body, version, out var ack, out error) ? PacketText.Of(ack) : null;
            case PacketType.Subscribe:
                return PacketDecoder.TryDecodeSubscribe(flags, body, version, out var subscribe, out error) ? PacketText.Of(subscribe!) : null;
            case PacketType.SubAck or PacketType.UnsubAck:
                return PacketDecoder.TryDecodeSubscriptionAck(header.Type, flags, body, version, out var subscriptionAck, out error)
                    ? PacketText.Of(subscriptionAck!)
                    : null;
            case PacketType.Unsubscribe:
                return PacketDecoder.TryDecodeUnsubscribe(flags, body, version, out var unsubscribe, out error) ? PacketText.Of(unsubscribe!) : null;
            case PacketType.PingReq or PacketType.PingResp:
                return PacketDecoder.TryDecodePing(flags, body, out error) ? "PING " : null;
            case PacketType.Disconnect:
                return PacketDecoder.TryDecodeDisconnect(flags, body, version, out var disconnect, out error, fromServer)
                    ? PacketText.Of(disconnect!)
                    : null;
            default:
                return PacketDecoder.TryDecodeAuth(flags, body, version, out var auth, out error) ? PacketText.Of(auth!) : null;
        }
    }
}
