using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Operation;

/// <summary>Section 4.1: the session and how long it lasts.</summary>
public sealed class SessionTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-5", "3.1.2-6", "3.1.2-23", "3.2.2-3", "3.1.3-2")]
    [Clause(Old, "3.1.2-4", "3.2.2-2", "3.2.2-3", "3.1.3-2", "4.1.0-1")]
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
    [Clause(New, "3.1.2-4", "3.1.4-4", "3.2.2-2")]
    [Clause(Old, "3.1.2-6", "3.1.4-3", "3.2.2-1")]
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
    [Clause(New, "4.1.0-2")]
    [Clause(Old, "3.1.2-6")]
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

    [Fact]
    [Clause(New, "4.1.0-2")]
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
    [Clause(New, "3.1.2-23", "4.1.0-2")]
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
    [Clause(New, "4.13.1-1")]
    public async Task A_disconnect_cannot_extend_a_session_that_was_to_end_with_its_connection()
    {
        await using var client = await ConnectAsync(Clean(New));
        await client.SendAsync(destination => PacketEncoder.Write(new DisconnectPacket { SessionExpirySeconds = 10 }, New, destination));
        await client.ExpectRefusalAsync(New, ReasonCode.ProtocolError);
    }

    [Fact]
    [Clause(New, "3.1.2-4", "3.1.2-23")]
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
    [Clause(New, "4.1.0-1")]
    [Clause(Old, "4.1.0-1", "4.1.0-2")]
    public async Task A_session_lasts_as_long_as_its_connection(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(Kept(version) with { SessionExpirySeconds = version == New ? 1u : 0 });
        await client.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
        await using var publisher = await ConnectAsync(version);
        await publisher.SendAsync(new Message(Topic("a"), "x", Qos2), 1);
        await publisher.ExpectAckAsync(PacketType.PubRec, 1);
        await LetTimePassAsync();
        await publisher.SendAsync(PacketType.PubRel, 1);
        await publisher.ExpectAckAsync(PacketType.PubComp, 1);
        await client.ExpectAsync(Topic("a"), "x");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-4")]
    [Clause(Old, "3.1.2-6")]
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
}
