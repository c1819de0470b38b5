using System.Buffers;
using System.Text;
using Holdfast.Broker.Connections;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Nodes;

/// <summary>
/// The budget of a message on its way: 0 bytes from its PUBLISH to the acknowledgement and to the subscribers. The runtime may allocate on a thread for
/// reasons of its own; what a message costs, it costs in every round.
/// </summary>
public sealed class AllocationTests
{
    private const int Rounds = 8;
    private const int MessagesOfRound = 50;
    private const string Topic = "devices/d1/events/temperature";

    [Fact]
    public async Task Routing_and_delivering_at_QoS_0_allocates_nothing()
    {
        await using var broker = await TestBroker.StartAsync();
        var (subscriber, received) = await ConnectAsync(broker, "subscriber");
        await SubscribeAsync(subscriber, received);
        var (publisher, _) = await ConnectAsync(broker, "publisher");
        var publish = Encode(QualityOfService.AtMostOnce, 0);
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            least = Math.Min(least, AllocatedBy(() =>
            {
                for (var count = 0; count < MessagesOfRound; count++)
                {
                    Handle(publisher, publish);
                }
            }));
            await publisher.EndOfReadAsync();
        }

        Assert.Equal(0, least);
        Assert.Equal(Rounds * MessagesOfRound, received.CountOf(PacketType.Publish));
    }

    [Fact]
    public async Task Appending_acknowledging_and_delivering_at_QoS_1_allocates_nothing_for_each_message()
    {
        await using var broker = await TestBroker.StartAsync();
        var (subscriber, received) = await ConnectAsync(broker, "subscriber");
        await SubscribeAsync(subscriber, received);
        var (publisher, answers) = await ConnectAsync(broker, "publisher");
        byte[][] publishes = [.. Enumerable.Range(1, MessagesOfRound).Select(packetId => Encode(QualityOfService.AtLeastOnce, packetId))];
        var least = long.MaxValue;
        for (var round = 1; round <= Rounds; round++)
        {
            // While nothing is committed the messages gather in one group.
            broker.Log.Gate.Close();
            least = Math.Min(least, AllocatedBy(() =>
            {
                foreach (var publish in publishes)
                {
                    Handle(publisher, publish);
                }
            }));
            await publisher.EndOfReadAsync();
            broker.Log.Gate.Open();
            var expected = round * MessagesOfRound;
            await Limit.UntilAsync(() => answers.CountOf(PacketType.PubAck) == expected && received.CountOf(PacketType.Publish) == expected, "a round");
        }

        Assert.Equal((0, 0, 0), (least, answers.LeastAllocated, received.LeastAllocated));
    }

    private static long AllocatedBy(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static async Task<(ClientConnection Connection, CountingOutput Output)> ConnectAsync(TestBroker broker, string clientId)
    {
        var output = new CountingOutput();
        var connection = broker.Node.Accept(output, new ConnectionInfo("test", AllowAnonymous: true));
        var packet = new ArrayBufferWriter<byte>();
        PacketEncoder.Write(new ConnectPacket { Version = ProtocolVersion.Mqtt5, ClientId = clientId, CleanStart = true }, packet);
        Handle(connection, packet.WrittenSpan);
        await connection.PendingWork.Within();
        await connection.EndOfReadAsync();
        await Limit.UntilAsync(() => output.CountOf(PacketType.ConnAck) == 1, "CONNACK");
        return (connection, output);
    }

    private static async Task SubscribeAsync(ClientConnection connection, CountingOutput output)
    {
        var packet = new ArrayBufferWriter<byte>();
        PacketEncoder.Write(
            new SubscribePacket { PacketId = 1, Requests = [new SubscriptionRequest("devices/+/events/#", QualityOfService.AtLeastOnce)] }, ProtocolVersion.Mqtt5, packet);
        Handle(connection, packet.WrittenSpan);
        await connection.PendingWork.Within();
        await connection.EndOfReadAsync();
        await Limit.UntilAsync(() => output.CountOf(PacketType.SubAck) == 1, "SUBACK");
    }

    private static void Handle(ClientConnection connection, ReadOnlySpan<byte> packet)
    {
        PacketDecoder.TryReadHeader(packet, uint.MaxValue, out var header);
        connection.Handle(header, packet[header.HeaderLength..header.Length]);
    }

    private static byte[] Encode(QualityOfService qualityOfService, int packetId)
    {
        var packet = new PublishPacket
        {
            Topic = Encoding.UTF8.GetBytes(Topic), Payload = new byte[100], QualityOfService = qualityOfService, PacketId = (ushort)packetId,
        };
        var bytes = new byte[PacketEncoder.Measure(packet, ProtocolVersion.Mqtt5)];
        PacketEncoder.Write(packet, ProtocolVersion.Mqtt5, bytes);
        return bytes;
    }
}
