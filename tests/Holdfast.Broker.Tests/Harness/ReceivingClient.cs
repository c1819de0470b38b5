using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Harness;

/// <summary>
/// The receiving half of a client that outlives its connections: a packet identifier between PUBREC and PUBREL is known, and its message is not taken
/// twice.
/// </summary>
internal sealed class ReceivingClient
{
    private readonly HashSet<ushort> _known = [];

    public List<string> Received { get; } = [];

    /// <summary>Takes and answers what has come, up to a number of packets.</summary>
    public async Task ReceiveAsync(TestClient client, int count)
    {
        while (count-- > 0 && client.Output.TryTake(static _ => true) is { } packet)
        {
            await ReceiveAsync(client, packet);
        }
    }

    public async Task ReceiveAsync(TestClient client, ReceivedPacket packet)
    {
        if (packet.Type == PacketType.PubRel)
        {
            _known.Remove(packet.PacketId);
            await client.SendAckAsync(PacketType.PubComp, packet.PacketId);
            return;
        }

        Assert.Equal(PacketType.Publish, packet.Type);
        if (packet.QualityOfService == QualityOfService.AtLeastOnce)
        {
            Received.Add(packet.Payload);
            await client.SendAckAsync(PacketType.PubAck, packet.PacketId);
            return;
        }

        if (_known.Add(packet.PacketId))
        {
            Received.Add(packet.Payload);
        }

        await client.SendAckAsync(PacketType.PubRec, packet.PacketId);
    }
}
