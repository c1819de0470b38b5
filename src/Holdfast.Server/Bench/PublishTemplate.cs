using System.Buffers.Binary;
using System.Text;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Bench;

/// <summary>A PUBLISH encoded once; packet identifier and time of sending are put in for each message.</summary>
internal sealed class PublishTemplate
{
    private readonly byte[] _packet;
    private readonly int _packetIdAt;
    private readonly int _timestampAt;

    /// <summary>Encodes the packet.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="qualityOfService">The quality of service.</param>
    /// <param name="payloadBytes">Bytes of the payload. With eight or more, the first eight are the time of sending.</param>
    /// <param name="version">The protocol version.</param>
    public PublishTemplate(string topic, QualityOfService qualityOfService, int payloadBytes, ProtocolVersion version)
    {
        byte[] payload = new byte[payloadBytes];
        payload.AsSpan().Fill((byte)'x');
        byte[] name = Encoding.UTF8.GetBytes(topic);
        var packet = new PublishPacket { Topic = name, Payload = payload, QualityOfService = qualityOfService, PacketId = qualityOfService == 0 ? (ushort)0 : (ushort)1 };
        _packet = new byte[PacketEncoder.Measure(in packet, version)];
        PacketEncoder.Write(in packet, version, _packet);
        PacketDecoder.TryReadHeader(_packet, uint.MaxValue, out FrameHeader header);
        _packetIdAt = qualityOfService == QualityOfService.AtMostOnce ? -1 : header.HeaderLength + 2 + name.Length;
        _timestampAt = payloadBytes >= sizeof(long) ? _packet.Length - payloadBytes : -1;
    }

    /// <summary>Bytes of a packet.</summary>
    public int Length => _packet.Length;

    /// <summary>Writes a packet.</summary>
    /// <param name="destination">At least <see cref="Length"/> bytes.</param>
    /// <param name="packetId">The packet identifier; not used at QoS 0.</param>
    /// <param name="timestamp">The time of sending.</param>
    public void Write(Span<byte> destination, ushort packetId, long timestamp)
    {
        _packet.CopyTo(destination);
        if (_packetIdAt >= 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[_packetIdAt..], packetId);
        }

        if (_timestampAt >= 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(destination[_timestampAt..], timestamp);
        }
    }

    /// <summary>The time of sending in a payload that this type wrote.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="timestamp">The time.</param>
    public static bool TryReadTimestamp(ReadOnlySpan<byte> payload, out long timestamp) => BinaryPrimitives.TryReadInt64LittleEndian(payload, out timestamp);
}
