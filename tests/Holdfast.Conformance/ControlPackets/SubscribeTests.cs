using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Sections 3.8 and 3.9: SUBSCRIBE and SUBACK.</summary>
public sealed class SubscribeTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "2.2.1-6", "3.8.4-1", "3.8.4-2", "3.8.4-5", "3.8.4-6", "3.8.4-7", "3.9.3-1", "3.9.3-2")]
    [Clause(Old, "2.3.1-7", "3.8.4-1", "3.8.4-2", "3.8.4-4", "3.8.4-5", "3.9.3-1", "3.9.3-2")]
    public async Task Each_filter_of_a_subscribe_is_answered_in_order(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        var packet = new SubscribePacket { PacketId = 4_321, Requests = [new(Topic("a"), Qos2), new(Topic("b"), Qos0), new(Topic("c"), Qos1)] };
        var answer = await client.SubscribeAsync(version, packet);
        Assert.Equal([ReasonCode.GrantedQos2, ReasonCode.Success, ReasonCode.GrantedQos1], answer.Reasons);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.9.3-1", "3.9.3-2", "3.8.4-7")]
    [Clause(Old, "3.9.3-1", "3.9.3-2", "3.8.4-5")]
    public async Task A_filter_that_is_refused_has_its_place_among_the_others(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        await client.SendSubscribeAsync(version, new(Topic("a"), Qos1), new(Topic("#/b"), Qos2), new(Topic("c"), Qos0));
        var answer = await client.ReceiveAnyAsync();
        if (answer?.Type == PacketType.SubAck)
        {
            var reasons = answer.Body[^3..];
            Assert.Equal((1, 0), (reasons[0], reasons[2]));
            Assert.True(version == New ? reasons[1] >= 0x80 : reasons[1] == 0x80);
            return;
        }

        // The whole packet may be refused instead.
        Assert.True(answer is null || (version == New && answer.Type == PacketType.Disconnect), $"{answer}");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.8.4-3")]
    [Clause(Old, "3.8.4-3")]
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
    [Clause(New, "3.8.4-4")]
    [Clause(Old, "3.8.4-3")]
    public async Task Replacing_a_subscription_loses_nothing(ProtocolVersion version)
    {
        const int Count = 200;
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await using var publisher = await ConnectAsync(version);
        var publishing = PublishAllAsync();
        for (var i = 0; i < Count; i++)
        {
            if (i % 10 == 0)
            {
                await subscriber.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
            }

            await subscriber.ExpectAsync(Topic("a"), $"{i}");
        }

        await publishing;

        async Task PublishAllAsync()
        {
            for (var i = 0; i < Count; i++)
            {
                await publisher.PublishAsync(new Message(Topic("a"), $"{i}", Qos1));
            }
        }
    }

    [Fact]
    [Clause(New, "3.8.3-3")]
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
    [Clause(New, "4.5.0-1")]
    [Clause(Old, "4.5.0-1")]
    public async Task A_client_gets_its_own_messages_otherwise(ProtocolVersion version)
    {
        await using var client = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await client.PublishAsync(new Message(Topic("a"), "own", Qos1));
        await client.ExpectAsync(Topic("a"), "own");
    }

    [Fact]
    [Clause(New, "3.8.3-4")]
    public async Task No_local_does_not_go_with_a_shared_subscription()
    {
        await using var client = await ConnectAsync(New);
        await client.SendSubscribeAsync(New, new SubscriptionRequest($"$share/g/{Topic("a")}", Qos0, NoLocal: true));
        await client.ExpectRefusalAsync(New, ReasonCode.ProtocolError);
    }

    [Fact]
    [Clause(New, "3.3.4-3")]
    public async Task A_message_bears_the_identifier_of_its_subscription()
    {
        await using var client = await ConnectAsync(New);
        var largest = new SubscribePacket { PacketId = 1, Requests = [new(Topic("a"), Qos1)], SubscriptionIdentifier = 268_435_455 };
        await client.SubscribeAsync(New, largest);
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = 2, Requests = [new(Topic("b"), Qos1)] });
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1), new Message(Topic("b"), "y", Qos1));
        Assert.Equal([268_435_455u], (await client.ExpectAsync(Topic("a"), "x")).SubscriptionIdentifiers);
        Assert.Empty((await client.ExpectAsync(Topic("b"), "y")).SubscriptionIdentifiers);
    }

    [Fact]
    [Clause(New, "3.8.4-3", "3.3.4-3")]
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
    [Clause(New, "3.8.4-5", "3.8.4-6", "3.10.4-6")]
    [Clause(Old, "3.8.4-4", "3.8.4-5", "3.10.4-6")]
    public async Task Hundreds_of_filters_fit_into_one_packet(ProtocolVersion version)
    {
        var filters = Enumerable.Range(0, 300).Select(i => Topic($"a/{i}")).ToArray();
        await using var client = await SubscribedAsync(version, [.. filters.Select(filter => new SubscriptionRequest(filter, Qos1))]);
        await PublishAsync(version, new Message(filters[299], "x", Qos1));
        await client.ExpectAsync(filters[299], "x");
        var answer = await client.UnsubscribeAsync(version, filters);
        Assert.Equal(version == New ? filters.Length : 0, answer.Reasons.Count);
    }

    [Theory]
    [InlineData("8007 0001 00 000161 00", ReasonCode.MalformedPacket, "without its flags")]
    [InlineData("8203 0001 00", ReasonCode.ProtocolError, "without a filter")]
    [InlineData("8206 0001 00 000161", ReasonCode.MalformedPacket, "without options")]
    [InlineData("8207 0001 00 000161 03", ReasonCode.ProtocolError, "QoS 3")]
    [InlineData("8207 0001 00 000161 C0", ReasonCode.MalformedPacket, "reserved bits")]
    [InlineData("8207 0001 00 000161 30", ReasonCode.ProtocolError, "retain handling 3")]
    [InlineData("8207 0001 00 0001FF 00", ReasonCode.MalformedPacket, "an ill-formed filter")]
    [InlineData("8209 0001 02 0B00 000161 00", ReasonCode.ProtocolError, "subscription identifier 0")]
    [Clause(New, "3.8.1-1", "3.8.3-1", "3.8.3-2", "3.8.3-5")]
    public Task A_subscribe_out_of_format_is_refused(string hex, ReasonCode reason, string what) => ExpectFaultAsync(New, hex, reason, what);

    [Theory]
    [InlineData("8006 0001 000161 00", "without its flags")]
    [InlineData("8202 0001", "without a filter")]
    [InlineData("8205 0001 000161", "without QoS")]
    [InlineData("8206 0001 000161 03", "QoS 3")]
    [InlineData("8206 0001 000161 04", "reserved bits")]
    [InlineData("8206 0001 0001FF 00", "an ill-formed filter")]
    [Clause(Old, "3.8.1-1", "3.8.3-1", "3.8.3-3", "3.8.3-4")]
    public Task A_subscribe_out_of_format_ends_a_connection_of_3_1_1(string hex, string what)
        => ExpectFaultAsync(Old, hex, ReasonCode.MalformedPacket, what);
}
