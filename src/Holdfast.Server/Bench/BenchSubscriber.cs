using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Bench;

/// <summary>Whether the measured time runs.</summary>
internal sealed class BenchRecording
{
    private volatile bool _isOn;

    /// <summary>True between warm-up and end.</summary>
    public bool IsOn
    {
        get => _isOn;
        set => _isOn = value;
    }
}

/// <summary>A subscribing connection.</summary>
/// <param name="connection">The connection.</param>
/// <param name="recording">Whether latencies count now.</param>
internal sealed class BenchSubscriber(BenchConnection connection, BenchRecording recording) : IBenchPackets
{
    private long _delivered;

    /// <summary>Messages delivered.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>From sending, or the intended time of it, to the delivery.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>The connection.</summary>
    public BenchConnection Connection => connection;

    /// <inheritdoc/>
    public void OnPublish(in PublishPacket packet, long now)
    {
        Volatile.Write(ref _delivered, _delivered + 1);
        if (recording.IsOn && PublishTemplate.TryReadTimestamp(packet.Payload, out long sentAt))
        {
            Latency.Record(sentAt, now);
        }

        if (packet.QualityOfService != QualityOfService.AtMostOnce)
        {
            PacketType answer = packet.QualityOfService == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec;
            Answer(new AckPacket(answer, packet.PacketId, ReasonCode.Success));
        }
    }

    /// <inheritdoc/>
    public void OnAck(AckPacket packet, long now)
    {
        if (packet.Type == PacketType.PubRel)
        {
            Answer(new AckPacket(PacketType.PubComp, packet.PacketId, ReasonCode.Success));
        }
    }

    /// <inheritdoc/>
    public void OnReadCompleted() => connection.Flush();

    private void Answer(AckPacket packet)
    {
        lock (connection.Gate)
        {
            connection.Write(packet);
        }
    }
}
