using System.Text;
using BenchmarkDotNet.Attributes;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Microbenchmarks;

/// <summary>What the codec costs for every message: reading a PUBLISH and writing it again.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private const int PayloadBytes = 100;

    private readonly byte[] _destination = new byte[1_024];
    private byte[] _packet = [];

    /// <summary>The version of both sides.</summary>
    [Params(ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5)]
    public ProtocolVersion Version { get; set; }

    /// <summary>Whether the message carries stream and sequence, as the device library's messages do.</summary>
    [Params(false, true)]
    public bool UserProperties { get; set; }

    /// <summary>Writes the packet that is read.</summary>
    [GlobalSetup]
    public void Setup()
    {
        byte[] properties = [38, 0, 9, .. "hf-stream"u8, 0, 8, .. "a1b2c3d4"u8, 38, 0, 6, .. "hf-seq"u8, 0, 5, .. "12345"u8];
        var publish = new PublishPacket
        {
            Topic = Encoding.UTF8.GetBytes("devices/pump-0001/events/pressure"),
            Payload = new byte[PayloadBytes],
            Properties = UserProperties ? properties : [],
            QualityOfService = QualityOfService.AtLeastOnce,
            PacketId = 1,
        };
        _packet = new byte[PacketEncoder.Measure(publish, Version)];
        PacketEncoder.Write(publish, Version, _packet);
    }

    /// <summary>The fixed header and the body.</summary>
    [Benchmark]
    public int DecodePublish() => TryDecode(out var packet) ? packet.Payload.Length : 0;

    /// <summary>As a forwarded message: read, then written with another packet identifier.</summary>
    [Benchmark]
    public int ForwardPublish()
    {
        if (!TryDecode(out var packet))
        {
            return 0;
        }

        packet.PacketId = 77;
        return PacketEncoder.Write(packet, Version, _destination);
    }

    /// <summary>A PUBACK, written and read.</summary>
    [Benchmark]
    public bool Ack()
    {
        var length = PacketEncoder.Write(new AckPacket(PacketType.PubAck, 1, ReasonCode.Success), Version, _destination);
        return PacketDecoder.TryDecodeAck(PacketType.PubAck, 0, _destination.AsSpan(2, length - 2), Version, out _, out _);
    }

    private bool TryDecode(out PublishPacket packet)
    {
        packet = default;
        return PacketDecoder.TryReadHeader(_packet, uint.MaxValue, out var header) == FrameStatus.Complete
            && PacketDecoder.TryDecodePublish(header.Flags, _packet.AsSpan(header.HeaderLength), Version, out packet, out _);
    }
}
