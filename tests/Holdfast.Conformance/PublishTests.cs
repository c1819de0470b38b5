using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance;

public sealed class PublishTests(TargetBroker broker) : ConformanceTest(broker)
{
    public static TheoryData<ProtocolVersion, ProtocolVersion> VersionPairs => new() { { Old, Old }, { Old, New }, { New, Old }, { New, New } };

    [Theory]
    [MemberData(nameof(VersionPairs))]
    [Clause("3.8.4-8", "4.3.1-1", "4.3.2-1", "4.3.3-1", "3.3.1-2", "4.3.2-2", "4.3.3-2")]
    public async Task A_message_is_delivered_at_the_lower_of_both_qualities(ProtocolVersion publisherVersion, ProtocolVersion subscriberVersion)
    {
        await using var publisher = await ConnectAsync(publisherVersion);
        foreach (var subscribed in new[] { Qos0, Qos1, Qos2 })
        {
            await using var subscriber = await SubscribedAsync(subscriberVersion, new SubscriptionRequest(Topic("a"), subscribed));
            foreach (var published in new[] { Qos0, Qos1, Qos2 })
            {
                await publisher.PublishAsync(new Message(Topic("a"), $"{published}", published));
                var message = await subscriber.ExpectAsync(Topic("a"), $"{published}");
                Assert.Equal(published < subscribed ? published : subscribed, message.Quality);
                Assert.False(message.Duplicate);
                Assert.False(message.Retain);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(20_000)]
    [InlineData(200_000)]
    [Clause("4.3.2-1")]
    public async Task A_payload_is_delivered_unaltered_whatever_its_size(int size)
    {
        var payload = new byte[size];
        new Random(size).NextBytes(payload);
        await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("a"), Qos1));
        await PublishAsync(Old, new Message(Topic("a"), payload, Qos1));
        Assert.Equal(payload, (await subscriber.TakeAsync()).Bytes);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.3.2-4", "2.2.1-5")]
    public async Task A_publish_of_qos_1_is_acknowledged_by_its_identifier(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        foreach (var packetId in new ushort[] { 1, 777, ushort.MaxValue })
        {
            await client.SendAsync(new Message(Topic("a"), "x", Qos1), packetId);
            await client.ExpectAckAsync(PacketType.PubAck, packetId);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.3.2-5")]
    public async Task An_identifier_that_was_acknowledged_bears_a_new_message_even_with_dup(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await using var client = await ConnectAsync(version);
        foreach (var (payload, duplicate) in new[] { ("one", false), ("two", true) })
        {
            await client.SendAsync(new Message(Topic("a"), payload, Qos1) { Duplicate = duplicate }, 5);
            await client.ExpectAckAsync(PacketType.PubAck, 5);
            var message = await subscriber.ExpectAsync(Topic("a"), payload);
            Assert.False(message.Duplicate);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.6.0-2")]
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
    [Clause("4.6.0-3", "4.3.3-8", "4.3.3-11")]
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
    [Clause("4.3.3-10", "4.3.3-12")]
    public async Task A_publish_of_qos_2_that_is_sent_again_is_delivered_once_until_its_release(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
        await using var client = await ConnectAsync(version);
        await client.SendAsync(new Message(Topic("a"), "one", Qos2), 9);
        await client.ExpectAckAsync(PacketType.PubRec, 9);
        await client.SendAsync(new Message(Topic("a"), "one", Qos2) { Duplicate = true }, 9);
        await client.ExpectAckAsync(PacketType.PubRec, 9);
        await client.SendAsync(PacketType.PubRel, 9);
        await client.ExpectAckAsync(PacketType.PubComp, 9);
        await client.SendAsync(new Message(Topic("a"), "two", Qos2), 9);
        await client.ExpectAckAsync(PacketType.PubRec, 9);
        await client.SendAsync(PacketType.PubRel, 9);
        await client.ExpectAckAsync(PacketType.PubComp, 9);

        await subscriber.ExpectAsync(Topic("a"), "one");
        await subscriber.ExpectAsync(Topic("a"), "two");
        await ExpectNothingMoreAsync(subscriber, Topic("a"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.3.3-11")]
    public async Task A_release_is_completed_even_twice(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        await client.PublishAsync(new Message(Topic("a"), "x", Qos2));
        await client.SendAsync(PacketType.PubRel, 1);
        var ack = await client.ReceiveAckAsync(PacketType.PubComp);
        Assert.Equal(1, ack.PacketId);
        Assert.True(ack.Reason is ReasonCode.Success or ReasonCode.PacketIdentifierNotFound);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.6.0-5", "4.6.0-6")]
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

    [Fact]
    [Clause("3.3.2-4", "3.3.2-15", "3.3.2-16", "3.3.2-17", "3.3.2-18", "3.3.2-20", "3.1.3-10")]
    public async Task Properties_that_belong_to_the_message_are_forwarded_unaltered_and_in_order()
    {
        byte[] properties =
        [
            1, 1, 3, 0, 4, .. "text"u8, 8, 0, 5, .. "reply"u8, 9, 0, 3, 0, 1, 255,
            38, 0, 1, .. "b"u8, 0, 1, .. "1"u8, 38, 0, 1, .. "a"u8, 0, 1, .. "2"u8, 38, 0, 1, .. "b"u8, 0, 0,
        ];
        foreach (var quality in new[] { Qos0, Qos1, Qos2 })
        {
            await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("a"), quality));
            await PublishAsync(New, new Message(Topic("a"), "x", quality) { Properties = properties });
            var message = await subscriber.TakeAsync();
            Assert.True(PropertyFilter.TryGetNumber(message.Properties, 1, out var format));
            Assert.Equal(1u, format);
            Assert.Equal("text"u8.ToArray(), message.Property(3));
            Assert.Equal("reply"u8.ToArray(), message.Property(8));
            Assert.Equal([0, 1, 255], message.Property(9));
            Assert.Equal([new UserProperty("b", "1"), new UserProperty("a", "2"), new UserProperty("b", "")], message.UserProperties);
        }
    }

    [Fact]
    [Clause("3.3.2-5", "3.3.2-6")]
    public async Task A_message_that_waited_is_delivered_with_what_is_left_of_its_expiry_or_not_at_all()
    {
        var session = Kept(New);
        await using (var subscriber = await ConnectAsync(session))
        {
            await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos1));
            await subscriber.DisconnectAsync(New);
        }

        await PublishAsync(
            New,
            new Message(Topic("a"), "expires", Qos1) { ExpirySeconds = 1 },
            new Message(Topic("a"), "lasts", Qos1) { ExpirySeconds = 1_000 },
            new Message(Topic("a"), "for ever", Qos1));
        await LetTimePassAsync();

        await using var resumed = await ConnectAsync(session, sessionPresent: true);
        var lasting = await resumed.ExpectAsync(Topic("a"), "lasts");
        Assert.InRange(lasting.ExpirySeconds ?? 0, 900u, 999u);
        Assert.Null((await resumed.ExpectAsync(Topic("a"), "for ever")).ExpirySeconds);
    }

    [Fact]
    [Clause("3.3.2-8", "3.3.2-9", "3.3.2-12")]
    public async Task A_topic_alias_stands_for_its_topic_up_to_the_servers_maximum()
    {
        await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("+"), Qos0));
        await using var client = await OpenAsync(New);
        var maximum = (await client.ConnectAsync(Clean(New))).TopicAliasMaximum ?? 0;
        if (maximum > 0)
        {
            await client.PublishAsync(new Message(Topic("a"), "set") { TopicAlias = maximum });
            await subscriber.ExpectAsync(Topic("a"), "set");
            await client.PublishAsync(new Message("", "used") { TopicAlias = maximum });
            await subscriber.ExpectAsync(Topic("a"), "used");
            await client.PublishAsync(new Message(Topic("b"), "set anew") { TopicAlias = maximum });
            await subscriber.ExpectAsync(Topic("b"), "set anew");
            await client.PublishAsync(new Message("", "used anew") { TopicAlias = maximum });
            var message = await subscriber.ExpectAsync(Topic("b"), "used anew");
            Assert.Empty(message.Properties);
        }

        await client.SendAsync(new Message(Topic("a"), "x") { TopicAlias = (ushort)(maximum + 1) }, 0);
        await client.ExpectRefusalAsync(New, ReasonCode.TopicAliasInvalid);
    }

    [Fact]
    [Clause("3.3.2-7")]
    public async Task A_topic_alias_that_was_never_set_is_a_protocol_error()
    {
        var session = Kept(New);
        await using (var before = await OpenAsync(New))
        {
            var answer = await before.ConnectAsync(session);
            if (answer.TopicAliasMaximum is null or 0)
            {
                return;
            }

            await before.PublishAsync(new Message(Topic("a"), "x") { TopicAlias = 1 });
            await before.DisconnectAsync(New);
        }

        await using var client = await ConnectAsync(session);
        await client.SendAsync(new Message("", "x") { TopicAlias = 1 }, 0);
        var disconnect = await client.ReceiveDisconnectAsync();
        Assert.True(disconnect.Reason is ReasonCode.ProtocolError or ReasonCode.TopicAliasInvalid);
        await client.ExpectEndAsync();
    }

    [Fact]
    [Clause("3.1.2-27")]
    public async Task A_client_that_accepts_no_alias_gets_none()
    {
        await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("a"), Qos0));
        await using var publisher = await ConnectAsync(New);
        for (var i = 0; i < 5; i++)
        {
            await publisher.PublishAsync(new Message(Topic("a"), $"{i}"));
            await subscriber.ExpectAsync(Topic("a"), $"{i}");
        }
    }
}
