using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance;

public sealed class SubscribeTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.8.4-1", "3.8.4-2", "3.8.4-5", "3.8.4-6", "3.8.4-7", "3.9.3-1")]
    public async Task Each_filter_of_a_subscribe_is_answered_in_order(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        var packet = new SubscribePacket { PacketId = 4_321, Requests = [new(Topic("a"), Qos2), new(Topic("b"), Qos0), new(Topic("c"), Qos1)] };
        var answer = await client.SubscribeAsync(version, packet);
        Assert.Equal([ReasonCode.GrantedQos2, ReasonCode.Success, ReasonCode.GrantedQos1], answer.Reasons);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.8.4-3")]
    public async Task A_second_subscription_to_the_same_filter_replaces_the_first(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
        await subscriber.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos0));
        await PublishAsync(version, new Message(Topic("a"), "one", Qos2));
        Assert.Equal(Qos0, (await subscriber.ExpectAsync(Topic("a"), "one")).Quality);
        await ExpectNothingMoreAsync(subscriber, Topic("a"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.10.4-1", "3.10.4-2", "3.10.4-4", "3.10.4-6")]
    public async Task Unsubscribing_ends_exactly_the_named_subscriptions(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(
            version, new(Topic("a"), Qos1), new(Topic("a/+"), Qos1), new(Topic("b"), Qos1), new(Topic("c"), Qos1));
        await subscriber.UnsubscribeAsync(version, Topic("a/+"), Topic("b"));
        await PublishAsync(
            version, new Message(Topic("a/x"), "no", Qos1), new Message(Topic("b"), "no", Qos1), new Message(Topic("a"), "yes", Qos1));
        await subscriber.ExpectAsync(Topic("a"), "yes");
        await ExpectNothingMoreAsync(subscriber, Topic("c"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.10.4-5", "3.11.3-1", "3.11.3-2")]
    public async Task Unsubscribing_from_what_was_not_subscribed_is_answered_too(ProtocolVersion version)
    {
        await using var client = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos0));
        var answer = await client.UnsubscribeAsync(version, Topic("unknown"), Topic("a"), Topic("A"));
        Assert.Equal(
            version == New ? [ReasonCode.NoSubscriptionExisted, ReasonCode.Success, ReasonCode.NoSubscriptionExisted] : [],
            answer.Reasons);
    }

    [Fact]
    [Clause("3.8.3-3")]
    public async Task A_client_does_not_get_its_own_messages_when_it_says_no_local()
    {
        await using var client = await ConnectAsync(New);
        await client.SubscribeAsync(New, new(Topic("a"), Qos1, NoLocal: true), new(Topic("b"), Qos1));
        await client.PublishAsync(new Message(Topic("a"), "own", Qos1));
        await client.PublishAsync(new Message(Topic("b"), "own", Qos1));
        await client.ExpectAsync(Topic("b"), "own");
        await PublishAsync(New, new Message(Topic("a"), "of another", Qos1));
        await client.ExpectAsync(Topic("a"), "of another");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.8.3-3")]
    public async Task A_client_gets_its_own_messages_otherwise(ProtocolVersion version)
    {
        await using var client = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await client.PublishAsync(new Message(Topic("a"), "own", Qos1));
        await client.ExpectAsync(Topic("a"), "own");
    }

    [Fact]
    [Clause("3.3.4-3")]
    public async Task A_message_bears_the_identifier_of_its_subscription()
    {
        await using var client = await ConnectAsync(New);
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = 1, Requests = [new(Topic("a"), Qos1)], SubscriptionIdentifier = 268_435_455 });
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = 2, Requests = [new(Topic("b"), Qos1)] });
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1), new Message(Topic("b"), "y", Qos1));
        Assert.Equal([268_435_455u], (await client.ExpectAsync(Topic("a"), "x")).SubscriptionIdentifiers);
        Assert.Empty((await client.ExpectAsync(Topic("b"), "y")).SubscriptionIdentifiers);
    }

    [Fact]
    [Clause("3.8.4-3", "3.3.4-3")]
    public async Task Replacing_a_subscription_replaces_its_identifier()
    {
        await using var client = await ConnectAsync(New);
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = 1, Requests = [new(Topic("a"), Qos1)], SubscriptionIdentifier = 7 });
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = 2, Requests = [new(Topic("a"), Qos1)], SubscriptionIdentifier = 8 });
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1));
        Assert.Equal([8u], (await client.ExpectAsync(Topic("a"), "x")).SubscriptionIdentifiers);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.8.4-5", "3.8.4-6", "3.10.4-6")]
    public async Task Hundreds_of_filters_fit_into_one_packet(ProtocolVersion version)
    {
        var filters = Enumerable.Range(0, 300).Select(i => Topic($"a/{i}")).ToArray();
        await using var client = await SubscribedAsync(version, [.. filters.Select(filter => new SubscriptionRequest(filter, Qos1))]);
        await PublishAsync(version, new Message(filters[299], "x", Qos1));
        await client.ExpectAsync(filters[299], "x");
        var answer = await client.UnsubscribeAsync(version, filters);
        Assert.Equal(version == New ? filters.Length : 0, answer.Reasons.Count);
    }
}
