using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance;

public sealed class SessionTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.1.2-5", "3.1.2-6", "3.2.2-2", "3.2.2-3")]
    public async Task A_session_is_there_when_the_client_returns(ProtocolVersion version)
    {
        var session = Kept(version);
        await using (var client = await ConnectAsync(session, sessionPresent: false))
        {
            await client.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
            await client.DisconnectAsync(version);
        }

        await using var returned = await ConnectAsync(session, sessionPresent: true);
        await PublishAsync(version, new Message(Topic("a"), "x", Qos1));
        await returned.ExpectAsync(Topic("a"), "x");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.1.2-4", "3.2.2-2", "3.1.4-4")]
    public async Task A_clean_start_forgets_the_session(ProtocolVersion version)
    {
        var session = Kept(version);
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
            await client.DisconnectAsync(version);
        }

        await PublishAsync(version, new Message(Topic("a"), "x", Qos1));
        await using var returned = await ConnectAsync(session with { CleanStart = true }, sessionPresent: false);
        await returned.SubscribeAsync(version, new SubscriptionRequest(Topic("end"), Qos1));
        await PublishAsync(version, new Message(Topic("a"), "y", Qos1));
        await ExpectNothingMoreAsync(returned, Topic("end"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.1.2-23")]
    public async Task A_session_without_expiry_ends_with_its_connection(ProtocolVersion version)
    {
        var session = Clean(version);
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
            await client.DisconnectAsync(version);
        }

        await using var returned = await ConnectAsync(session with { CleanStart = false }, sessionPresent: false);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.4.0-1", "4.5.0-1", "4.6.0-5")]
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
    [Clause("4.4.0-1", "3.3.1-1", "4.6.0-1")]
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
            Assert.Equal((before.Topic, before.Payload, before.PacketId, before.Quality), (again.Topic, again.Payload, again.PacketId, again.Quality));
        }

        await ExpectNothingMoreAsync(returned, Topic("a"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.4.0-1", "4.3.3-6", "4.3.3-4", "4.3.3-5")]
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
    [Clause("4.3.3-10", "4.4.0-1")]
    public async Task A_publish_of_qos_2_that_is_sent_again_after_reconnecting_is_delivered_once(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
        var session = Kept(version);
        await using (var client = await ConnectAsync(session))
        {
            await client.SendAsync(new Message(Topic("a"), "once", Qos2), 12);
            await client.ExpectAckAsync(PacketType.PubRec, 12);
            client.Drop();
        }

        await using var returned = await ConnectAsync(session, sessionPresent: true);
        await returned.SendAsync(new Message(Topic("a"), "once", Qos2) { Duplicate = true }, 12);
        await returned.ExpectAckAsync(PacketType.PubRec, 12);
        await returned.SendAsync(PacketType.PubRel, 12);
        await returned.ExpectAckAsync(PacketType.PubComp, 12);
        await subscriber.ExpectAsync(Topic("a"), "once");
        await ExpectNothingMoreAsync(subscriber, Topic("a"));
    }

    [Fact]
    [Clause("3.1.2-23")]
    public async Task A_session_ends_when_its_expiry_has_passed()
    {
        // The will tells when the session has ended.
        await using var watcher = await SubscribedAsync(New, new SubscriptionRequest(Topic("will"), Qos1));
        var will = new Will { Topic = Topic("will"), Payload = "ended"u8.ToArray(), DelaySeconds = 600 };
        var session = Kept(New) with { SessionExpirySeconds = 1, Will = will };
        await using (var client = await ConnectAsync(session))
        {
            client.Drop();
        }

        await watcher.ExpectAsync(Topic("will"), "ended");
        await using var returned = await ConnectAsync(session with { Will = null }, sessionPresent: false);
    }

    [Fact]
    [Clause("3.1.2-23", "3.14.4-2")]
    public async Task A_disconnect_can_change_how_long_the_session_lasts()
    {
        var session = Kept(New);
        await using (var client = await ConnectAsync(session with { SessionExpirySeconds = 600 }))
        {
            await client.DisconnectAsync(New, new DisconnectPacket { SessionExpirySeconds = 0 });
        }

        await using (var returned = await ConnectAsync(session with { SessionExpirySeconds = 1 }, sessionPresent: false))
        {
            await returned.DisconnectAsync(New, new DisconnectPacket { SessionExpirySeconds = 600 });
        }

        await LetTimePassAsync();
        await using var again = await ConnectAsync(session, sessionPresent: true);
    }

    [Fact]
    [Clause("3.14.2.2.2")]
    public async Task A_disconnect_cannot_extend_a_session_that_was_to_end_with_its_connection()
    {
        await using var client = await ConnectAsync(Clean(New));
        await client.SendAsync(destination => PacketEncoder.Write(new DisconnectPacket { SessionExpirySeconds = 10 }, New, destination));
        await client.ExpectRefusalAsync(New, ReasonCode.ProtocolError);
    }

    [Fact]
    [Clause("3.1.2-4", "3.1.2-23")]
    public async Task A_clean_start_with_expiry_begins_a_session_that_lasts()
    {
        var session = Kept(New) with { CleanStart = true };
        await using (var client = await ConnectAsync(session, sessionPresent: false))
        {
            client.Drop();
        }

        await using var returned = await ConnectAsync(session with { CleanStart = false }, sessionPresent: true);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.4.0-1")]
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
    [Clause("4.3.3-4")]
    public async Task A_message_of_qos_2_that_the_client_refuses_is_neither_released_nor_sent_again()
    {
        var session = Kept(New);
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos2));
            await PublishAsync(New, new Message(Topic("a"), "refused", Qos2));
            var message = await client.ReceivePublishAsync();
            await client.SendAsync((byte[])[0x50, 3, (byte)(message.PacketId >> 8), (byte)message.PacketId, (byte)ReasonCode.ImplementationSpecificError]);
            await client.PingAsync();
            client.Drop();
        }

        await using var returned = await ConnectAsync(session, sessionPresent: true);
        await ExpectNothingMoreAsync(returned, Topic("a"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.10.4-3")]
    public async Task Unsubscribing_does_not_end_an_exchange_that_has_begun(ProtocolVersion version)
    {
        var session = Kept(version);
        ushort packetId;
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
            await PublishAsync(version, new Message(Topic("a"), "x", Qos2));
            packetId = (await client.ReceivePublishAsync()).PacketId;
            await client.UnsubscribeAsync(version, Topic("a"));
            client.Drop();
        }

        await using var returned = await ConnectAsync(session, sessionPresent: true);
        var again = await returned.ExpectAsync(Topic("a"), "x");
        Assert.Equal((packetId, true), (again.PacketId, again.Duplicate));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.1.2-4", "4.3.3-12")]
    public async Task A_clean_start_forgets_which_messages_of_qos_2_were_received(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
        var session = Kept(version);
        await using (var client = await ConnectAsync(session))
        {
            await client.SendAsync(new Message(Topic("a"), "one", Qos2), 12);
            await client.ExpectAckAsync(PacketType.PubRec, 12);
            client.Drop();
        }

        await using var returned = await ConnectAsync(session with { CleanStart = true }, sessionPresent: false);
        await returned.SendAsync(new Message(Topic("a"), "two", Qos2), 12);
        await returned.ExpectAckAsync(PacketType.PubRec, 12);
        await returned.SendAsync(PacketType.PubRel, 12);
        await returned.ExpectAckAsync(PacketType.PubComp, 12);

        // A broker may hand the first on at PUBLISH or at PUBREL, which never came.
        while ((await subscriber.TakeAsync()).Payload != "two")
        {
        }
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Clause("4.5.0-1", "4.6.0-5", "3.3.4-9")]
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
}
