using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Operation;

/// <summary>Section 4.7: topic names and topic filters.</summary>
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
    [Clause(New, "3.3.2-3", "4.7.1-1", "4.7.1-2", "4.7.3-4")]
    [Clause(Old, "3.3.2-3", "3.8.3-2", "4.7.1-2", "4.7.1-3", "4.7.3-4")]
    public async Task A_filter_matches_level_by_level(string filter, string topic, bool matches)
    {
        foreach (var version in new[] { New, Old })
        {
            await using var subscriber = await SubscribedAsync(version, new(Topic(filter), Qos1), new($"{Root}-end", Qos1));
            await PublishAsync(version, new Message(Topic(topic), "x", Qos1));
            if (matches)
            {
                await subscriber.ExpectAsync(Topic(topic), "x");
            }

            await ExpectNothingMoreAsync(subscriber, $"{Root}-end");
        }
    }

    [Theory]
    [InlineData("a/#/b")]
    [InlineData("a#")]
    [InlineData("a/b#")]
    [InlineData("a/+b")]
    [InlineData("a/b+/c")]
    [Clause(New, "4.7.1-1", "4.7.1-2")]
    public async Task A_wildcard_that_does_not_fill_its_level_is_refused(string filter)
    {
        await using var client = await ConnectAsync(New);
        await client.SendSubscribeAsync(New, new SubscriptionRequest(Topic(filter), Qos0), new(Topic("good"), Qos0));
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
    [InlineData("a/#/b")]
    [InlineData("a#")]
    [InlineData("a/+b")]
    [Clause(Old, "4.7.1-2", "4.7.1-3")]
    public async Task A_wildcard_that_does_not_fill_its_level_is_refused_in_3_1_1(string filter)
    {
        await using var client = await ConnectAsync(Old);
        await client.SendSubscribeAsync(Old, new SubscriptionRequest(Topic(filter), Qos0));
        var answer = await client.ReceiveAnyAsync();
        Assert.True(answer is null || (answer.Type == PacketType.SubAck && answer.Body[^1] == 0x80), $"{answer}");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.7.3-1")]
    [Clause(Old, "4.7.3-1")]
    public async Task An_empty_filter_is_refused(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        await client.SendSubscribeAsync(version, new SubscriptionRequest("", Qos0));
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
    [InlineData("8209 0001 00 0003 610062 00", ReasonCode.MalformedPacket, "U+0000 in a filter")]
    [InlineData("A208 0001 00 0003 610062", ReasonCode.MalformedPacket, "U+0000 in a filter of UNSUBSCRIBE")]
    [Clause(New, "4.7.3-2")]
    public Task A_filter_with_a_null_character_is_refused(string hex, ReasonCode reason, string what) => ExpectFaultAsync(New, hex, reason, what);

    [Theory]
    [InlineData("8208 0001 0003 610062 00", "U+0000 in a filter")]
    [InlineData("A207 0001 0003 610062", "U+0000 in a filter of UNSUBSCRIBE")]
    [Clause(Old, "4.7.3-2")]
    public Task A_filter_with_a_null_character_ends_a_connection_of_3_1_1(string hex, string what)
        => ExpectFaultAsync(Old, hex, ReasonCode.MalformedPacket, what);

    [Theory]
    [InlineData("#", New)]
    [InlineData("#", Old)]
    [InlineData("+/conformance", New)]
    [InlineData("+/conformance", Old)]
    [Clause(New, "4.7.2-1")]
    [Clause(Old, "4.7.2-1")]
    public async Task A_wildcard_at_the_start_does_not_match_a_topic_that_begins_with_a_dollar_sign(string filter, ProtocolVersion version)
    {
        var dollar = "$" + TargetBroker.UniqueName("dollar") + "/conformance";
        await using var subscriber = await SubscribedAsync(version, new(filter, Qos0), new($"{Root}-end", Qos0));
        await using (var publisher = await ConnectAsync(version))
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

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.7.3-3")]
    [Clause(Old, "4.7.3-3")]
    public async Task A_topic_may_be_as_long_as_a_string(ProtocolVersion version)
    {
        var topic = Topic(new string('x', ushort.MaxValue - Root.Length - 1));
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(topic, Qos1));
        await PublishAsync(version, new Message(topic, "x", Qos1));
        await subscriber.ExpectAsync(topic, "x");
    }
}
