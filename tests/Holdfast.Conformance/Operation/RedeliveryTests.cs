using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Operation;

/// <summary>Sections 4.4 and 4.5: what a resumed session sends again, and what it has received meanwhile.</summary>
public sealed class RedeliveryTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.5.0-1", "4.6.0-5")]
    [Clause(Old, "3.1.2-5", "4.5.0-1", "4.6.0-6")]
    public async Task Messages_that_were_published_meanwhile_wait_in_order(ProtocolVersion version)
    {
        const int Count = 30;
        var session = Kept(version);
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(version, new(Topic("one"), Qos1), new(Topic("two"), Qos2));
            client.Drop();
        }

        await using var publisher = await ConnectAsync(version);
        for (var i = 0; i < Count; i++)
        {
            await publisher.PublishAsync(new Message(Topic("one"), $"{i}", Qos1));
            await publisher.PublishAsync(new Message(Topic("two"), $"{i}", Qos2));
        }

        await using var returned = await ConnectAsync(session, sessionPresent: true);
        var received = new List<ReceivedPublish>();
        for (var i = 0; i < 2 * Count; i++)
        {
            received.Add(await returned.TakeAsync());
        }

        Assert.All(received, message => Assert.Equal(message.Topic == Topic("one") ? Qos1 : Qos2, message.Quality));
        var expected = Enumerable.Range(0, Count).Select(i => $"{i}").ToList();
        Assert.Equal(expected, received.Where(message => message.Quality == Qos1).Select(message => message.Payload));
        Assert.Equal(expected, received.Where(message => message.Quality == Qos2).Select(message => message.Payload));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.3.1-1", "4.3.2-3", "4.3.3-3", "4.4.0-1")]
    [Clause(Old, "2.3.1-4", "3.3.1-1", "4.3.2-1", "4.3.3-1", "4.4.0-1", "4.6.0-1")]
    public async Task Unacknowledged_messages_are_sent_again_with_dup_and_their_identifiers_in_order(ProtocolVersion version)
    {
        var session = Kept(version);
        var first = new List<ReceivedPublish>();
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(version, new SubscriptionRequest(Topic("+"), Qos2));
            await PublishAsync(version, new Message(Topic("a"), "1", Qos1), new Message(Topic("b"), "2", Qos2), new Message(Topic("a"), "3", Qos1));
            for (var i = 0; i < 3; i++)
            {
                first.Add(await client.ReceivePublishAsync());
            }

            Assert.All(first, message => Assert.False(message.Duplicate));
            client.Drop();
        }

        await using var returned = await ConnectAsync(session, sessionPresent: true);
        foreach (var before in first)
        {
            var again = await returned.TakeAsync();
            Assert.True(again.Duplicate);
            Assert.Equal((before.Topic, before.Payload), (again.Topic, again.Payload));
            Assert.Equal((before.PacketId, before.Quality), (again.PacketId, again.Quality));
        }

        await ExpectNothingMoreAsync(returned, Topic("a"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.3.3-4", "4.3.3-5", "4.3.3-6", "4.4.0-1")]
    [Clause(Old, "4.3.3-1", "4.4.0-1")]
    public async Task A_message_of_qos_2_that_was_received_is_released_again_and_not_sent_again(ProtocolVersion version)
    {
        var session = Kept(version);
        ushort packetId;
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
            await PublishAsync(version, new Message(Topic("a"), "x", Qos2));
            packetId = (await client.ReceivePublishAsync()).PacketId;
            await client.SendAsync(PacketType.PubRec, packetId);
            await client.ExpectAckAsync(PacketType.PubRel, packetId);
            client.Drop();
        }

        await using (var returned = await ConnectAsync(session, sessionPresent: true))
        {
            await returned.ExpectAckAsync(PacketType.PubRel, packetId);
            Assert.Equal(0, returned.SetAside);
            await returned.SendAsync(PacketType.PubComp, packetId);
            await returned.PingAsync();
            await returned.DisconnectAsync(version);
        }

        await using var again = await ConnectAsync(session, sessionPresent: true);
        await ExpectNothingMoreAsync(again, Topic("a"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.4.0-1")]
    public async Task A_release_is_sent_once_on_a_connection(ProtocolVersion version)
    {
        await using var subscriber = await ConnectAsync(Kept(version));
        await subscriber.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
        await PublishAsync(version, new Message(Topic("a"), "1", Qos2));
        var first = await subscriber.ReceivePublishAsync();
        await subscriber.SendAsync(PacketType.PubRec, first.PacketId);
        await subscriber.ExpectAckAsync(PacketType.PubRel, first.PacketId);

        // The first is not complete while the second comes and goes.
        await PublishAsync(version, new Message(Topic("a"), "2", Qos2));
        await subscriber.ExpectAsync(Topic("a"), "2");
        await subscriber.SendAsync(PacketType.PubComp, first.PacketId);
        await subscriber.PingAsync();
    }

    [Fact]
    [Clause(New, "4.4.0-2")]
    public async Task A_message_of_qos_1_that_the_client_refuses_is_not_sent_again()
    {
        var session = Kept(New);
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos1));
            await PublishAsync(New, new Message(Topic("a"), "refused", Qos1));
            var message = await client.ReceivePublishAsync();
            await client.SendAsync(PacketType.PubAck, message.PacketId, ReasonCode.ImplementationSpecificError);
            await client.PingAsync();
            client.Drop();
        }

        await using var returned = await ConnectAsync(session, sessionPresent: true);
        await ExpectNothingMoreAsync(returned, Topic("a"));
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Clause(New, "3.3.4-9", "4.5.0-1", "4.6.0-5")]
    public async Task A_long_backlog_comes_through_a_small_window_in_order(QualityOfService quality)
    {
        const int Count = 300;
        var session = Kept(New) with { ReceiveMaximum = 3 };
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), quality));
            await client.DisconnectAsync(New);
        }

        await PublishAsync(New, [.. Enumerable.Range(1, Count).Select(i => new Message(Topic("a"), $"{i}", quality))]);
        await using var returned = await ConnectAsync(session, sessionPresent: true);
        for (var i = 1; i <= Count; i++)
        {
            await returned.ExpectAsync(Topic("a"), $"{i}");
        }
    }

    [Fact]
    [Clause(New, "4.4.0-1")]
    public async Task Nothing_is_sent_again_while_the_connection_lasts()
    {
        await using var client = await SubscribedAsync(New, new SubscriptionRequest(Topic("a"), Qos2));
        await PublishAsync(New, new Message(Topic("a"), "1", Qos1), new Message(Topic("a"), "2", Qos2));
        var first = await client.ReceivePublishAsync();
        await client.ReceivePublishAsync();
        await LetTimePassAsync();
        await client.PingAsync();
        Assert.Equal(0, client.SetAside);
        await client.SendAsync(PacketType.PubAck, first.PacketId);
    }
}
