using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Sections 3.10 and 3.11: UNSUBSCRIBE and UNSUBACK.</summary>
public sealed class UnsubscribeTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.10.4-1", "3.10.4-2", "3.10.4-4", "3.10.4-6")]
    [Clause(Old, "3.10.4-1", "3.10.4-2", "3.10.4-4", "3.10.4-6")]
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
    [Clause(New, "2.2.1-6", "3.10.4-5", "3.11.3-1", "3.11.3-2")]
    [Clause(Old, "2.3.1-7", "3.10.4-5")]
    public async Task Unsubscribing_from_what_was_not_subscribed_is_answered_too(ProtocolVersion version)
    {
        await using var client = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos0));
        var answer = await client.UnsubscribeAsync(version, Topic("unknown"), Topic("a"), Topic("A"));
        Assert.Equal(
            version == New ? [ReasonCode.NoSubscriptionExisted, ReasonCode.Success, ReasonCode.NoSubscriptionExisted] : [],
            answer.Reasons);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.10.4-3")]
    [Clause(Old, "3.10.4-3")]
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
    [Clause(New, "3.10.4-1")]
    [Clause(Old, "3.10.4-1")]
    public async Task Unsubscribing_compares_character_by_character(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new(Topic("a/+"), Qos1), new(Topic("ä"), Qos1));
        await subscriber.UnsubscribeAsync(version, Topic("a/b"), Topic("a/#"), Topic("A/+"), Topic("a\u0308"));
        await PublishAsync(version, new Message(Topic("a/b"), "1", Qos1), new Message(Topic("ä"), "2", Qos1));
        await subscriber.ExpectAsync(Topic("a/b"), "1");
        await subscriber.ExpectAsync(Topic("ä"), "2");
    }

    [Theory]
    [InlineData("A203 0001 00", ReasonCode.ProtocolError, "without a filter")]
    [InlineData("A006 0001 00 000161", ReasonCode.MalformedPacket, "without its flags")]
    [InlineData("A206 0001 00 0001FF", ReasonCode.MalformedPacket, "an ill-formed filter")]
    [Clause(New, "3.10.1-1", "3.10.3-1", "3.10.3-2")]
    public Task An_unsubscribe_out_of_format_is_refused(string hex, ReasonCode reason, string what) => ExpectFaultAsync(New, hex, reason, what);

    [Theory]
    [InlineData("A202 0001", "without a filter")]
    [InlineData("A005 0001 000161", "without its flags")]
    [InlineData("A205 0001 0001FF", "an ill-formed filter")]
    [Clause(Old, "3.10.1-1", "3.10.3-1", "3.10.3-2")]
    public Task An_unsubscribe_out_of_format_ends_a_connection_of_3_1_1(string hex, string what)
        => ExpectFaultAsync(Old, hex, ReasonCode.MalformedPacket, what);
}
