using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Section 3.3.1.3: RETAIN.</summary>
public sealed class RetainTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.3.1-5", "3.3.1-8", "3.3.1-9")]
    [Clause(Old, "3.3.1-5", "3.3.1-6", "3.3.1-8", "3.3.1-12")]
    public async Task The_last_retained_message_is_given_to_a_new_subscriber(ProtocolVersion version)
    {
        await PublishAsync(
            version,
            new Message(Topic("a"), "first", Qos1) { Retain = true },
            new Message(Topic("a"), "last", Qos2) { Retain = true },
            new Message(Topic("a"), "not retained", Qos1));
        await using var subscriber = await SubscribedAsync(version, new(Topic("a"), Qos1), new(Topic("end"), Qos1));
        var message = await subscriber.ExpectAsync(Topic("a"), "last");
        Assert.True(message.Retain);
        Assert.Equal(Qos1, message.Quality);
        await ExpectNothingMoreAsync(subscriber, Topic("end"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [Clause(New, "3.3.1-5")]
    [Clause(Old, "3.3.1-5")]
    public async Task A_message_of_any_quality_is_retained(int quality)
    {
        await using var publisher = await ConnectAsync(New);
        await publisher.PublishAsync(new Message(Topic("a"), "x", (QualityOfService)quality) { Retain = true });
        await publisher.PublishAsync(new Message(Topic("b"), "after", Qos1) { Retain = true });
        await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("a"), Qos2));
        Assert.Equal((QualityOfService)quality, (await subscriber.ExpectAsync(Topic("a"), "x")).Quality);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.3.1-5")]
    [Clause(Old, "3.3.1-7")]
    public async Task A_retained_message_of_qos_0_removes_the_one_before(ProtocolVersion version)
    {
        await PublishAsync(
            version,
            new Message(Topic("a"), "old", Qos1) { Retain = true },
            new Message(Topic("a"), "new") { Retain = true },
            new Message(Topic("end"), "x", Qos1));
        await using var subscriber = await SubscribedAsync(version, new(Topic("a"), Qos1), new(Topic("end"), Qos1));

        // The new one may be forgotten at any time; the old one must be gone.
        await PublishAsync(version, new Message(Topic("end"), "end", Qos1));
        var message = await subscriber.TakeAsync();
        Assert.Contains(message.Payload, new[] { "new", "end" });
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.3.1-6", "3.3.1-7")]
    [Clause(Old, "3.3.1-10", "3.3.1-11")]
    public async Task An_empty_payload_removes_the_retained_message_and_is_delivered_itself(ProtocolVersion version)
    {
        await using var live = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await PublishAsync(version, new Message(Topic("a"), "x", Qos1) { Retain = true }, new Message(Topic("a"), "", Qos1) { Retain = true });
        await live.ExpectAsync(Topic("a"), "x");
        await live.ExpectAsync(Topic("a"), "");
        await using var late = await SubscribedAsync(version, new(Topic("a"), Qos1), new(Topic("end"), Qos1));
        await ExpectNothingMoreAsync(late, Topic("end"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.3.1-12")]
    [Clause(Old, "3.3.1-9")]
    public async Task A_live_message_is_not_marked_as_retained(ProtocolVersion version)
    {
        await using var live = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await PublishAsync(version, new Message(Topic("a"), "x", Qos1) { Retain = true });
        Assert.False((await live.ExpectAsync(Topic("a"), "x")).Retain);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Clause(New, "3.3.1-13")]
    public async Task A_live_message_keeps_its_mark_when_the_subscription_says_retain_as_published(bool retain)
    {
        await using var live = await SubscribedAsync(New, new SubscriptionRequest(Topic("a"), Qos1, RetainAsPublished: true));
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1) { Retain = retain });
        Assert.Equal(retain, (await live.ExpectAsync(Topic("a"), "x")).Retain);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.3.1-9", "3.8.4-4")]
    [Clause(Old, "3.8.4-3")]
    public async Task Retain_handling_0_brings_retained_messages_every_time(ProtocolVersion version)
    {
        await PublishAsync(version, new Message(Topic("a"), "x", Qos1) { Retain = true });
        await using var subscriber = await ConnectAsync(version);
        for (var i = 0; i < 2; i++)
        {
            await subscriber.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos1, RetainHandling: 0));
            Assert.True((await subscriber.ExpectAsync(Topic("a"), "x")).Retain);
        }
    }

    [Fact]
    [Clause(New, "3.3.1-10")]
    public async Task Retain_handling_1_brings_retained_messages_for_a_new_subscription_only()
    {
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1) { Retain = true });
        await using var subscriber = await ConnectAsync(New);
        await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos1, RetainHandling: 1));
        await subscriber.ExpectAsync(Topic("a"), "x");
        await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos1, RetainHandling: 1));
        await ExpectNothingMoreAsync(subscriber, Topic("a"));
    }

    [Fact]
    [Clause(New, "3.3.1-11")]
    public async Task Retain_handling_2_brings_no_retained_messages()
    {
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1) { Retain = true });
        await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("a"), Qos1, RetainHandling: 2));
        await ExpectNothingMoreAsync(subscriber, Topic("a"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.3.1-9")]
    [Clause(Old, "3.3.1-6")]
    public async Task A_wildcard_brings_every_retained_message_that_it_matches(ProtocolVersion version)
    {
        await PublishAsync(
            version,
            new Message(Topic("a/1"), "1", Qos1) { Retain = true },
            new Message(Topic("a/2"), "2", Qos1) { Retain = true },
            new Message(Topic("b"), "no", Qos1) { Retain = true });
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a/+"), Qos0));
        string[] payloads = [(await subscriber.TakeAsync()).Payload, (await subscriber.TakeAsync()).Payload];
        Assert.Equal(["1", "2"], payloads.Order());
        await ExpectNothingMoreAsync(subscriber, Topic("a/3"));
    }

    [Fact]
    [Clause(New, "3.3.2-5", "3.3.2-6", "3.3.2-17", "3.3.4-3")]
    public async Task A_retained_message_keeps_its_properties_and_expires()
    {
        await PublishAsync(
            New,
            new Message(Topic("a"), "stays", Qos1) { Retain = true, ExpirySeconds = 1_000, Properties = [38, 0, 1, .. "n"u8, 0, 1, .. "v"u8] },
            new Message(Topic("b"), "goes", Qos1) { Retain = true, ExpirySeconds = 1 });
        await LetTimePassAsync();
        await using var subscriber = await ConnectAsync(New);
        await subscriber.SubscribeAsync(New, new SubscribePacket { PacketId = 1, Requests = [new(Topic("+"), Qos1)], SubscriptionIdentifier = 5 });
        var message = await subscriber.ExpectAsync(Topic("a"), "stays");
        Assert.InRange(message.ExpirySeconds ?? 0, 900u, 999u);
        Assert.Equal([new UserProperty("n", "v")], message.UserProperties);
        Assert.Equal([5u], message.SubscriptionIdentifiers);
        await ExpectNothingMoreAsync(subscriber, Topic("c"));
    }

    [Fact]
    [Clause(New, "3.3.1-9", "3.3.4-9")]
    public async Task Many_retained_messages_come_through_a_small_window()
    {
        const int Count = 60;
        await PublishAsync(New, [.. Enumerable.Range(0, Count).Select(i => new Message(Topic($"a/{i}"), $"{i}", Qos1) { Retain = true })]);
        await using var subscriber = await ConnectAsync(Clean(New) with { ReceiveMaximum = 2 });
        await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("a/#"), Qos1));
        var topics = new HashSet<string>();
        for (var i = 0; i < Count; i++)
        {
            var message = await subscriber.TakeAsync();
            Assert.True(message.Retain);
            Assert.True(topics.Add(message.Topic));
        }

        await ExpectNothingMoreAsync(subscriber, Topic("a/end"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.3.1-5")]
    [Clause(Old, "3.1.2-7")]
    public async Task A_retained_message_outlives_the_session_of_its_publisher(ProtocolVersion version)
    {
        var session = Kept(version);
        await using (var publisher = await ConnectAsync(session))
        {
            await publisher.PublishAsync(new Message(Topic("a"), "x", Qos1) { Retain = true });
            await publisher.DisconnectAsync(version);
        }

        await using var successor = await ConnectAsync(session with { CleanStart = true, SessionExpirySeconds = 0 }, sessionPresent: false);
        await successor.DisconnectAsync(version);
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await subscriber.ExpectAsync(Topic("a"), "x");
    }
}
