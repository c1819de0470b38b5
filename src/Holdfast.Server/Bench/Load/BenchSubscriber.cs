using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Measuring;

namespace Holdfast.Server.Bench.Load;

/// <summary>A subscribing connection.</summary>
/// <param name="connection">The connection.</param>
internal sealed class BenchSubscriber(BenchConnection connection) : IBenchPackets
{
    private long _delivered;
    private long _deliveredAtQosZero;

    /// <summary>Messages delivered.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>Those of them at QoS 0.</summary>
    public long DeliveredAtQosZero => Volatile.Read(ref _deliveredAtQosZero);

    /// <summary>From sending, or the intended time of it, to the delivery.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>The connection.</summary>
    public BenchConnection Connection => connection;

    /// <inheritdoc/>
    public void OnPublish(in PublishPacket packet, long now)
    {
        Volatile.Write(ref _delivered, _delivered + 1);
        if (PublishTemplate.TryReadTimestamp(packet.Payload, out long sentAt))
        {
            Latency.Record(sentAt, now);
        }

        if (packet.QualityOfService == QualityOfService.AtMostOnce)
        {
            Volatile.Write(ref _deliveredAtQosZero, _deliveredAtQosZero + 1);
        }
        else
        {
            Answers.Answer(connection, in packet);
        }
    }

    /// <inheritdoc/>
    public void OnAck(AckPacket packet, long now) => Answers.Answer(connection, packet);

    /// <inheritdoc/>
    public void OnReadCompleted()
    {
    }
}

/// <summary>What a subscriber answers above QoS 0. The caller holds the connection's gate.</summary>
internal static class Answers
{
    /// <summary>Answers a PUBLISH.</summary>
    /// <param name="connection">Where it came from.</param>
    /// <param name="packet">The packet.</param>
    public static void Answer(BenchConnection connection, in PublishPacket packet)
    {
        if (packet.QualityOfService != QualityOfService.AtMostOnce)
        {
            PacketType answer = packet.QualityOfService == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec;
            connection.Write(new AckPacket(answer, packet.PacketId, ReasonCode.Success));
        }
    }

    /// <summary>Answers a PUBREL.</summary>
    /// <param name="connection">Where it came from.</param>
    /// <param name="packet">The packet.</param>
    public static void Answer(BenchConnection connection, AckPacket packet)
    {
        if (packet.Type == PacketType.PubRel)
        {
            connection.Write(new AckPacket(PacketType.PubComp, packet.PacketId, ReasonCode.Success));
        }
    }
}
