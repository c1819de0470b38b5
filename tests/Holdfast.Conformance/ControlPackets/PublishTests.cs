using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Section 3.3: PUBLISH.</summary>
public sealed class PublishTests(TargetBroker broker) : ConformanceTest(broker)
{
    public static TheoryData<ProtocolVersion, ProtocolVersion> VersionPairs => new() { { Old, Old }, { Old, New }, { New, Old }, { New, New } };

    [Theory]
    [MemberData(nameof(VersionPairs))]
    [Clause(New, "3.8.4-8", "3.3.2-3", "4.3.2-2", "4.3.3-2")]
    [Clause(Old, "3.8.4-6", "3.3.2-3")]
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
    [Clause(New, "3.3.4-1")]
    [Clause(Old, "3.3.4-1")]
    public async Task A_publish_is_answered_as_its_quality_demands(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        await client.SendAsync(new Message(Topic("a"), "x", Qos0), 0);
        await client.PingAsync();
        await client.SendAsync(new Message(Topic("a"), "x", Qos1), 1);
        await client.ExpectAckAsync(PacketType.PubAck, 1);
        await client.SendAsync(new Message(Topic("a"), "x", Qos2), 2);
        await client.ExpectAckAsync(PacketType.PubRec, 2);
        await client.PingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.3.1-3")]
    [Clause(Old, "3.3.1-3")]
    public async Task A_mark_of_repetition_is_not_handed_on(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
        await using var client = await ConnectAsync(version);
        foreach (var quality in new[] { Qos1, Qos2 })
        {
            await client.PublishAsync(new Message(Topic("a"), $"{quality}", quality) { Duplicate = true });
            Assert.False((await subscriber.ExpectAsync(Topic("a"), $"{quality}")).Duplicate);
        }
    }

    [Theory]
    [InlineData("3606 0001 61 0001 00", ReasonCode.MalformedPacket, "QoS 3")]
    [InlineData("3804 0001 61 00", ReasonCode.MalformedPacket, "DUP at QoS 0")]
    [InlineData("3006 0003 612F23 00", ReasonCode.TopicNameInvalid, "a wildcard in a topic")]
    [InlineData("3006 0003 612F2B 00", ReasonCode.TopicNameInvalid, "a wildcard in a topic")]
    [InlineData("3003 0000 00", ReasonCode.ProtocolError, "neither topic nor alias")]
    [InlineData("3008 0001 61 04 0101 0101", ReasonCode.ProtocolError, "a property twice")]
    [InlineData("3006 0001 61 02 0105", ReasonCode.ProtocolError, "a payload format indicator of 5")]
    [InlineData("3008 0001 61 04 08 0001 23", ReasonCode.TopicNameInvalid, "a wildcard in a response topic")]
    [InlineData("3006 0001 61 02 0B01", ReasonCode.ProtocolError, "a subscription identifier from a client")]
    [InlineData("3007 0001 61 03 210001", ReasonCode.MalformedPacket, "a property of CONNECT in PUBLISH")]
    [Clause(New, "3.3.1-2", "3.3.1-4", "3.3.2-2", "3.3.2-14", "3.3.4-6", "4.7.0-1", "4.7.3-1")]
    public Task A_publish_out_of_format_is_refused(string hex, ReasonCode reason, string what) => ExpectFaultAsync(New, hex, reason, what);

    [Theory]
    [InlineData("3605 0001 61 0001", "QoS 3")]
    [InlineData("3803000161", "DUP at QoS 0")]
    [InlineData("3005 0003 612F2B", "a wildcard in a topic")]
    [InlineData("3005 0003 612F23", "a wildcard in a topic")]
    [InlineData("3002 0000", "an empty topic")]
    [Clause(Old, "3.3.1-2", "3.3.1-4", "3.3.2-2", "4.7.1-1", "4.7.3-1")]
    public Task A_publish_out_of_format_ends_a_connection_of_3_1_1(string hex, string what)
        => ExpectFaultAsync(Old, hex, ReasonCode.MalformedPacket, what);

    [Fact]
    [Clause(Old, "3.3.5-2")]
    public async Task A_publish_that_is_not_allowed_is_acknowledged_or_ends_the_connection()
    {
        await using var client = await ConnectAsync(Old);
        await client.SendAsync(new Message("$SYS/conformance", "x", Qos1), 1);
        var answer = await client.ReceiveAnyAsync();
        Assert.True(answer is null or { Type: PacketType.PubAck }, $"{answer}");
    }
}
