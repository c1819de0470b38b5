using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Operation;

/// <summary>Section 4.3: the levels of QoS and their exchanges.</summary>
public sealed class QualityOfServiceTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.3.1-3", "4.3.2-5")]
    [Clause(Old, "3.3.1-3", "4.3.2-2")]
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
    [Clause(New, "4.3.3-10", "4.3.3-12")]
    [Clause(Old, "4.3.3-2")]
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
    [Clause(New, "4.3.3-10", "4.1.0-1")]
    [Clause(Old, "4.3.3-2", "4.1.0-1")]
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
    [Clause(New, "4.3.3-4", "4.4.0-2")]
    public async Task A_message_of_qos_2_that_the_client_refuses_is_neither_released_nor_sent_again()
    {
        var session = Kept(New);
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos2));
            await PublishAsync(New, new Message(Topic("a"), "refused", Qos2));
            var message = await client.ReceivePublishAsync();
            await client.SendAsync(PacketType.PubRec, message.PacketId, ReasonCode.ImplementationSpecificError);
            await client.PingAsync();
            client.Drop();
        }

        await using var returned = await ConnectAsync(session, sessionPresent: true);
        await ExpectNothingMoreAsync(returned, Topic("a"));
    }

    [Fact]
    [Clause(New, "4.3.3-7")]
    public async Task A_message_of_qos_2_that_was_sent_does_not_expire()
    {
        var session = Kept(New);
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos2));
            await PublishAsync(New, new Message(Topic("a"), "x", Qos2) { ExpirySeconds = 1 });
            await client.ReceivePublishAsync();
            client.Drop();
        }

        await LetTimePassAsync();
        await using var returned = await ConnectAsync(session, sessionPresent: true);
        Assert.True((await returned.ExpectAsync(Topic("a"), "x")).Duplicate);
    }

    [Fact]
    [Clause(New, "4.3.3-13")]
    public async Task An_exchange_of_qos_2_goes_on_although_the_message_has_expired()
    {
        await using var client = await ConnectAsync(New);
        await client.SendAsync(new Message(Topic("a"), "x", Qos2) { ExpirySeconds = 1 }, 5);
        await client.ExpectAckAsync(PacketType.PubRec, 5);
        await LetTimePassAsync();
        await client.SendAsync(new Message(Topic("a"), "x", Qos2) { ExpirySeconds = 1, Duplicate = true }, 5);
        await client.ExpectAckAsync(PacketType.PubRec, 5);
        await client.SendAsync(PacketType.PubRel, 5);
        await client.ExpectAckAsync(PacketType.PubComp, 5);
    }
}
