using System.Buffers;
using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Operation;

/// <summary>Section 4.9: flow control.</summary>
public sealed class FlowControlTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Clause(New, "3.3.4-9", "4.9.0-1", "4.9.0-2")]
    public async Task No_more_messages_are_in_flight_than_the_client_receives(QualityOfService quality)
    {
        const int Count = 6;
        await using var subscriber = await ConnectAsync(Clean(New) with { ReceiveMaximum = 2 });
        await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), quality));
        await PublishAsync(New, [.. Enumerable.Range(0, Count).Select(i => new Message(Topic("a"), $"{i}", quality))]);

        var inFlight = new Queue<ReceivedPublish>([await subscriber.ReceivePublishAsync(), await subscriber.ReceivePublishAsync()]);
        for (var next = 2; next < Count; next++)
        {
            // The broker has everything to send by now; what it may send comes before the answer to the ping.
            await subscriber.PingAsync();
            Assert.Equal(0, subscriber.SetAside);
            var oldest = inFlight.Dequeue();
            if (quality == Qos2)
            {
                await subscriber.SendAsync(PacketType.PubRec, oldest.PacketId);
                await subscriber.ExpectAckAsync(PacketType.PubRel, oldest.PacketId);
                await subscriber.PingAsync();
                Assert.Equal(0, subscriber.SetAside);
            }

            await subscriber.SendAsync(quality == Qos1 ? PacketType.PubAck : PacketType.PubComp, oldest.PacketId);
            var message = await subscriber.ReceivePublishAsync();
            Assert.Equal($"{next}", message.Payload);
            inFlight.Enqueue(message);
        }
    }

    [Fact]
    [Clause(New, "4.9.0-2")]
    public async Task Messages_of_qos_0_pass_a_full_window()
    {
        await using var subscriber = await ConnectAsync(Clean(New) with { ReceiveMaximum = 1 });
        await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos1));
        await PublishAsync(New, new Message(Topic("a"), "1", Qos1), new Message(Topic("a"), "2", Qos0));

        // Between qualities of service there is no order.
        string[] payloads = [(await subscriber.ReceivePublishAsync()).Payload, (await subscriber.ReceivePublishAsync()).Payload];
        Assert.Equal(["1", "2"], payloads.Order());
    }

    [Fact]
    [Clause(New, "3.3.4-10", "4.9.0-3")]
    public async Task A_full_window_delays_no_other_packet()
    {
        await using var client = await ConnectAsync(Clean(New) with { ReceiveMaximum = 1 });
        await client.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos1));
        await PublishAsync(New, new Message(Topic("a"), "1", Qos1), new Message(Topic("a"), "2", Qos1));
        var first = await client.ReceivePublishAsync();
        await client.PingAsync();
        await client.SubscribeAsync(New, new SubscriptionRequest(Topic("b"), Qos1));
        await client.UnsubscribeAsync(New, Topic("b"));
        await client.PublishAsync(new Message(Topic("c"), "x", Qos1));
        await client.PublishAsync(new Message(Topic("c"), "x", Qos2));
        Assert.Equal(0, client.SetAside);
        await client.SendAsync(PacketType.PubAck, first.PacketId);
        await client.ExpectAsync(Topic("a"), "2");
    }

    [Fact]
    [Clause(New, "3.3.4-9", "4.4.0-2")]
    public async Task A_refusal_by_the_client_makes_room_in_the_window()
    {
        await using var client = await ConnectAsync(Clean(New) with { ReceiveMaximum = 1 });
        await client.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos2));
        await PublishAsync(New, new Message(Topic("a"), "1", Qos2), new Message(Topic("a"), "2", Qos1), new Message(Topic("a"), "3", Qos1));
        await client.SendAsync(PacketType.PubRec, (await client.ReceivePublishAsync()).PacketId, ReasonCode.QuotaExceeded);
        await client.SendAsync(PacketType.PubAck, (await client.ReceivePublishAsync()).PacketId, ReasonCode.QuotaExceeded);
        await client.ExpectAsync(Topic("a"), "3");
    }

    [Fact]
    [Clause(New, "3.3.4-7")]
    public async Task A_client_that_sends_more_than_the_server_receives_is_refused()
    {
        await using var client = await OpenAsync(New);
        var maximum = (await client.ConnectAsync(Clean(New))).ReceiveMaximum ?? ushort.MaxValue;
        if (maximum == ushort.MaxValue)
        {
            // There are no more packet identifiers than that.
            return;
        }

        var bytes = new ArrayBufferWriter<byte>();
        for (ushort packetId = 1; packetId <= maximum + 1; packetId++)
        {
            bytes.Write((byte[])[0x34, 6, 0, 1, (byte)'q', (byte)(packetId >> 8), (byte)packetId, 0]);
        }

        await client.SendAsync(bytes.WrittenMemory);
        for (ushort packetId = 1; packetId <= maximum; packetId++)
        {
            var packet = await client.ReceiveAnyAsync();
            if (packet?.Type == PacketType.Disconnect)
            {
                Assert.Equal((byte)ReasonCode.ReceiveMaximumExceeded, packet.Body[0]);
                await client.ExpectEndAsync();
                return;
            }

            Assert.Equal(PacketType.PubRec, packet?.Type);
        }

        await client.ExpectRefusalAsync(New, ReasonCode.ReceiveMaximumExceeded);
    }
}
