using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Bench.Connections;

/// <summary>What a connection of the load generator does with packets. All calls are made with the connection's gate held.</summary>
internal interface IBenchPackets
{
    /// <summary>A PUBLISH arrived.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="now">The <see cref="System.Diagnostics.Stopwatch"/> timestamp of the read that brought it.</param>
    void OnPublish(in PublishPacket packet, long now);

    /// <summary>A PUBACK, PUBREC, PUBREL or PUBCOMP arrived.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="now">The <see cref="System.Diagnostics.Stopwatch"/> timestamp of the read that brought it.</param>
    void OnAck(AckPacket packet, long now);

    /// <summary>All packets of a read were given; time to write. What was written is sent when this returns.</summary>
    void OnReadCompleted();
}
