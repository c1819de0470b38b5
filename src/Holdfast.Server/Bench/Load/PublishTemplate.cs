using System.Buffers.Binary;
using System.Text;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Bench.Load;

/// <summary>A PUBLISH encoded once; packet identifier and time of sending are put in for each message.</summary>
internal sealed class PublishTemplate
{
    private readonly byte[] _packet;
    private readonly int _packetIdAt;
    private readonly int _timestampAt;

    /// <summary>Encodes the packet.</summary>
    /// <param name="plan">Topic, quality of service and bytes of the payload. With eight or more, the first eight are the time of sending.</param>
    /// <param name="version">The protocol version.</param>
    /// <param name="retain">Whether the message is retained.</param>
    public PublishTemplate(PublisherPlan plan, ProtocolVersion version, bool retain = false)
    {
        byte[] payload = new byte[plan.PayloadBytes];
        payload.AsSpan().Fill((byte)'x');
        byte[] name = Encoding.UTF8.GetBytes(plan.Topic);
        QualityOfService = plan.QualityOfService;
        bool hasPacketId = QualityOfService != QualityOfService.AtMostOnce;
        var packet = new PublishPacket { Topic = name, Payload = payload, QualityOfService = QualityOfService, PacketId = hasPacketId ? (ushort)1 : (ushort)0, Retain = retain };
        _packet = new byte[PacketEncoder.Measure(in packet, version)];
        PacketEncoder.Write(in packet, version, _packet);
        PacketDecoder.TryReadHeader(_packet, uint.MaxValue, out FrameHeader header);
        _packetIdAt = hasPacketId ? header.HeaderLength + 2 + name.Length : -1;
        _timestampAt = plan.PayloadBytes >= sizeof(long) ? _packet.Length - plan.PayloadBytes : -1;
    }

    /// <summary>Bytes of a packet.</summary>
    public int Length => _packet.Length;

    /// <summary>The quality of service.</summary>
    public QualityOfService QualityOfService { get; }

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

        Stamp(destination, timestamp);
    }

    /// <summary>Puts another time of sending into a packet that was written before.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="timestamp">The time of sending.</param>
    public void Stamp(Span<byte> packet, long timestamp)
    {
        if (_timestampAt >= 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(packet[_timestampAt..], timestamp);
        }
    }

    /// <summary>The time of sending in a payload that this type wrote.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="timestamp">The time.</param>
    public static bool TryReadTimestamp(ReadOnlySpan<byte> payload, out long timestamp) => BinaryPrimitives.TryReadInt64LittleEndian(payload, out timestamp);
}
