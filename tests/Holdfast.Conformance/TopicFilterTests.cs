using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance;

public sealed class TopicFilterTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "ab", false)]
    [InlineData("#", "a/b", true)]
    [InlineData("a/+", "a/b", true)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+", "a", false)]
    [InlineData("a/+", "a/b/c", false)]
    [InlineData("+/b", "a/b", true)]
    [InlineData("+/b", "/b", true)]
    [InlineData("+/+", "a/b", true)]
    [InlineData("a/+/c", "a//c", true)]
    [InlineData("a/+/c", "a/b/d", false)]
    [InlineData("a/+/#", "a/b", true)]
    [InlineData("a/+/#", "a", false)]
    [InlineData("a", "A", false)]
    [InlineData("a", "a/", false)]
    [InlineData("a", "/a", false)]
    [InlineData("a b", "a b", true)]
    [InlineData("ä€😀", "ä€😀", true)]
    [InlineData("\u0041\u030A", "\u00C5", false)]
    [Clause("4.7.1-1", "4.7.1-2", "4.7.3-4", "1.5.4-3")]
    public async Task A_filter_matches_level_by_level(string filter, string topic, bool matches)
    {
        await using var subscriber = await SubscribedAsync(New, new(Topic(filter), Qos1), new($"{Root}-end", Qos1));
        await PublishAsync(Old, new Message(Topic(topic), "x", Qos1));
        if (matches)
        {
            await subscriber.ExpectAsync(Topic(topic), "x");
        }

        await ExpectNothingMoreAsync(subscriber, $"{Root}-end");
    }

    [Theory]
    [InlineData("a/#/b")]
    [InlineData("a#")]
    [InlineData("a/b#")]
    [InlineData("a/+b")]
    [InlineData("a/b+/c")]
    [Clause("4.7.1-1", "4.7.1-2")]
    public async Task A_wildcard_that_does_not_fill_its_level_is_refused(string filter)
    {
        await using var client = await ConnectAsync(New);
        var packet = new SubscribePacket { PacketId = 1, Requests = [new(Topic(filter), Qos0), new(Topic("good"), Qos0)] };
        await client.SendAsync(destination => PacketEncoder.Write(packet, New, destination));
        var answer = await client.ReceiveAnyAsync();

        // The standard leaves open whether the filter or the whole packet is refused.
        if (answer?.Type == PacketType.SubAck)
        {
            Assert.Equal((byte)ReasonCode.TopicFilterInvalid, answer.Body[^2]);
            Assert.Equal(0, answer.Body[^1]);
        }
        else
        {
            Assert.Equal(PacketType.Disconnect, answer?.Type);
            await client.ExpectEndAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.7.3-1")]
    public async Task An_empty_filter_is_refused(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        await client.SendAsync(destination => PacketEncoder.Write(new SubscribePacket { PacketId = 1, Requests = [new("", Qos0)] }, version, destination));
        var answer = await client.ReceiveAnyAsync();
        if (answer?.Type == PacketType.SubAck)
        {
            Assert.True(answer.Body[^1] >= (byte)ReasonCode.UnspecifiedError);
        }
        else if (answer is not null)
        {
            Assert.Equal((New, PacketType.Disconnect), (version, answer.Type));
            await client.ExpectEndAsync();
        }
    }

    [Theory]
    [InlineData("#")]
    [InlineData("+/conformance")]
    [Clause("4.7.2-1")]
    public async Task A_wildcard_at_the_start_does_not_match_a_topic_that_begins_with_a_dollar_sign(string filter)
    {
        var dollar = "$" + TargetBroker.UniqueName("dollar") + "/conformance";
        await using var subscriber = await SubscribedAsync(New, new(filter, Qos0), new($"{Root}-end", Qos0));
        await using (var publisher = await ConnectAsync(New))
        {
            // A broker may refuse the topic; the answer does not matter here.
            await publisher.SendAsync(new Message(dollar, "x", Qos1), 1);
            await publisher.ReceiveAnyAsync();
        }

        await PublishAsync(New, new Message($"{Root}-end", "end", Qos1));
        ReceivedPublish message;
        do
        {
            message = await subscriber.TakeAsync();
            Assert.False(message.Topic.StartsWith('$'), message.Topic);
        }
        while (message.Topic != $"{Root}-end");
    }

    [Fact]
    [Clause("3.3.4-2", "3.3.4-4")]
    public async Task Overlapping_subscriptions_bring_one_copy_with_the_highest_quality_and_all_identifiers()
    {
        await using var client = await ConnectAsync(New);
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = 1, Requests = [new(Topic("a/+"), Qos0)], SubscriptionIdentifier = 1 });
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = 2, Requests = [new(Topic("a/b"), Qos2)], SubscriptionIdentifier = 2 });
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = 3, Requests = [new(Topic("#"), Qos1)], SubscriptionIdentifier = 3 });
        foreach (var published in new[] { Qos2, Qos1, Qos0 })
        {
            await PublishAsync(New, new Message(Topic("a/b"), $"{published}", published));
            var message = await client.ExpectAsync(Topic("a/b"), $"{published}");
            Assert.Equal(published, message.Quality);
            Assert.Equal([1u, 2u, 3u], message.SubscriptionIdentifiers);
        }

        await ExpectNothingMoreAsync(client, Topic("c"));
    }

    [Fact]
    [Clause("3.1.1 3.3.5-1")]
    public async Task Overlapping_subscriptions_of_3_1_1_bring_the_highest_quality()
    {
        await using var client = await SubscribedAsync(Old, new(Topic("a"), Qos0), new(Topic("+"), Qos2), new(Topic("#"), Qos1));
        await PublishAsync(Old, new Message(Topic("a"), "x", Qos2));
        Assert.Equal(Qos2, (await client.ExpectAsync(Topic("a"), "x")).Quality);
        await ExpectNothingMoreAsync(client, Topic("b/c"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.7.3-3")]
    public async Task A_topic_may_be_as_long_as_a_string(ProtocolVersion version)
    {
        var topic = Topic(new string('x', ushort.MaxValue - Root.Length - 1));
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(topic, Qos1));
        await PublishAsync(version, new Message(topic, "x", Qos1));
        await subscriber.ExpectAsync(topic, "x");
    }
}
