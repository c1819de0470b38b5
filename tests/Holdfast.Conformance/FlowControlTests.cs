using System.Buffers;
using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance;

public sealed class FlowControlTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Clause("3.3.4-9", "4.9.0-1", "4.9.0-2", "4.9.0-3")]
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
    [Clause("3.3.4-9")]
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
    [Clause("3.3.4-7", "3.3.4-8")]
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

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Clause("3.1.2-24", "3.1.2-25")]
    public async Task A_message_that_is_too_large_for_the_client_is_passed_over(QualityOfService quality)
    {
        await using var subscriber = await ConnectAsync(Clean(New) with { MaximumPacketSize = 200, ReceiveMaximum = 1 });
        await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), quality));
        await PublishAsync(
            New,
            new Message(Topic("a"), new byte[200], quality),
            new Message(Topic("a"), new byte[200], quality),
            new Message(Topic("a"), "small", quality));
        await subscriber.ExpectAsync(Topic("a"), "small");
    }

    [Fact]
    [Clause("3.2.2-15")]
    public async Task A_packet_that_is_too_large_for_the_server_is_refused_before_it_has_come()
    {
        await using var client = await OpenAsync(New);
        if ((await client.ConnectAsync(Clean(New))).MaximumPacketSize is not { } maximum)
        {
            return;
        }

        // A fixed header is enough: the remaining length alone is above the maximum.
        byte[] header = [0x30, (byte)(maximum & 0x7F | 0x80), (byte)((maximum >> 7) & 0x7F | 0x80), (byte)((maximum >> 14) & 0x7F | 0x80), (byte)(maximum >> 21)];
        await client.SendAsync(header[4] == 0 ? [.. header[..3], (byte)(header[3] & 0x7F)] : header);
        await client.ExpectRefusalAsync(New, ReasonCode.PacketTooLarge);
    }
}
