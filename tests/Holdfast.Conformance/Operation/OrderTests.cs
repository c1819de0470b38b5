using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Operation;

/// <summary>Section 4.6: the order of messages and acknowledgements.</summary>
public sealed class OrderTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.6.0-5", "4.6.0-6")]
    [Clause(Old, "4.6.0-5", "4.6.0-6")]
    public async Task Messages_of_one_client_on_one_topic_keep_their_order(ProtocolVersion version)
    {
        const int Count = 200;
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await using var publisher = await ConnectAsync(version);
        for (ushort i = 1; i <= Count; i++)
        {
            // No more in flight than any broker allows.
            if (i > 10)
            {
                await publisher.ExpectAckAsync(PacketType.PubAck, (ushort)(i - 10));
            }

            await publisher.SendAsync(new Message(Topic("a"), $"{i}", Qos1), i);
        }

        for (var i = 1; i <= Count; i++)
        {
            await subscriber.ExpectAsync(Topic("a"), $"{i}");
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.3.2-4")]
    [Clause(Old, "4.6.0-2")]
    public async Task Acknowledgements_of_qos_1_come_in_the_order_of_the_messages(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        for (ushort packetId = 1; packetId <= 20; packetId++)
        {
            await client.SendAsync(new Message($"{Root}-{packetId}/a", "x", Qos1), packetId);
        }

        for (ushort packetId = 1; packetId <= 20; packetId++)
        {
            await client.ExpectAckAsync(PacketType.PubAck, packetId);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.3.3-8", "4.3.3-11")]
    [Clause(Old, "4.6.0-3")]
    public async Task Acknowledgements_of_qos_2_come_in_the_order_of_the_messages(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        for (ushort packetId = 1; packetId <= 10; packetId++)
        {
            await client.SendAsync(new Message($"{Root}-{packetId}/a", "x", Qos2), packetId);
        }

        for (ushort packetId = 1; packetId <= 10; packetId++)
        {
            await client.ExpectAckAsync(PacketType.PubRec, packetId);
        }

        for (ushort packetId = 1; packetId <= 10; packetId++)
        {
            await client.SendAsync(PacketType.PubRel, packetId);
        }

        for (ushort packetId = 1; packetId <= 10; packetId++)
        {
            await client.ExpectAckAsync(PacketType.PubComp, packetId);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.3.3-4")]
    [Clause(Old, "4.6.0-4")]
    public async Task Releases_come_in_the_order_of_their_receipts(ProtocolVersion version)
    {
        var session = Kept(version);
        await using var client = await ConnectAsync(session);
        await client.SubscribeAsync(version, new SubscriptionRequest(Topic("+"), Qos2));
        await PublishAsync(version, [.. Enumerable.Range(0, 6).Select(i => new Message(Topic($"{i % 2}"), $"{i}", Qos2))]);
        var received = new List<ushort>();
        for (var i = 0; i < 6; i++)
        {
            received.Add((await client.ReceivePublishAsync()).PacketId);
        }

        ushort[] answered = [received[3], received[0], received[5], received[1], received[2], received[4]];
        foreach (var packetId in answered)
        {
            await client.SendAsync(PacketType.PubRec, packetId);
        }

        foreach (var packetId in answered)
        {
            await client.ExpectAckAsync(PacketType.PubRel, packetId);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.6.0-5")]
    [Clause(Old, "4.6.0-6")]
    public async Task Messages_of_every_quality_keep_their_order(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
        await using var publisher = await ConnectAsync(version);
        foreach (var quality in new[] { Qos0, Qos1, Qos2 })
        {
            for (ushort i = 1; i <= 10; i++)
            {
                await publisher.SendAsync(new Message(Topic("a"), $"{i}", quality), (ushort)(i + 10 * (int)quality));
            }

            for (ushort i = 1; i <= 10 && quality != Qos0; i++)
            {
                await publisher.ExpectAckAsync(quality == Qos1 ? PacketType.PubAck : PacketType.PubRec, (ushort)(i + 10 * (int)quality));
            }

            // A broker may hand a message of QoS 2 on when it is released.
            for (ushort i = 1; i <= 10 && quality == Qos2; i++)
            {
                await publisher.SendAsync(PacketType.PubRel, (ushort)(i + 20));
                await publisher.ExpectAckAsync(PacketType.PubComp, (ushort)(i + 20));
            }

            for (var i = 1; i <= 10; i++)
            {
                await subscriber.ExpectAsync(Topic("a"), $"{i}");
            }
        }
    }
}
