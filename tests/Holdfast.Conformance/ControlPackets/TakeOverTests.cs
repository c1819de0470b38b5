using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Section 3.1.4: a client that is connected already.</summary>
public sealed class TakeOverTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.4-3", "3.14.2-2")]
    [Clause(Old, "3.1.4-2")]
    public async Task A_second_connection_of_a_client_ends_the_first(ProtocolVersion version)
    {
        var session = Kept(version);
        await using var first = await ConnectAsync(session);
        await using var second = await ConnectAsync(session, sessionPresent: true);
        await first.ExpectRefusalAsync(version, ReasonCode.SessionTakenOver);
        await second.PingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.4-3", "3.1.4-4")]
    [Clause(Old, "3.1.4-2", "3.1.4-3")]
    public async Task A_clean_client_is_taken_over_as_well(ProtocolVersion version)
    {
        var session = Clean(version);
        await using var first = await ConnectAsync(session);
        await first.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await using var second = await ConnectAsync(session, sessionPresent: false);
        await first.ExpectRefusalAsync(version, ReasonCode.SessionTakenOver);
        await second.SubscribeAsync(version, new SubscriptionRequest(Topic("end"), Qos1));
        await PublishAsync(version, new Message(Topic("a"), "x", Qos1));
        await ExpectNothingMoreAsync(second, Topic("end"));
    }

    [Fact]
    [Clause(New, "3.1.4-3")]
    [Clause(Old, "3.1.4-2")]
    public async Task A_client_may_return_with_the_other_version()
    {
        var session = Kept(Old);
        await using var first = await ConnectAsync(session);
        await first.SubscribeAsync(Old, new SubscriptionRequest(Topic("a"), Qos1));
        await using var second = await ConnectAsync(Kept(New, session.ClientId), sessionPresent: true);
        await first.ExpectEndAsync();
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1));
        await second.ExpectAsync(Topic("a"), "x");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.4-3", "4.4.0-1")]
    [Clause(Old, "3.1.4-2", "4.4.0-1")]
    public async Task What_the_first_connection_left_unacknowledged_goes_to_the_second(ProtocolVersion version)
    {
        var session = Kept(version);
        await using var first = await ConnectAsync(session);
        await first.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await PublishAsync(version, new Message(Topic("a"), "x", Qos1));
        var before = await first.ReceivePublishAsync();
        await using var second = await ConnectAsync(session, sessionPresent: true);
        var again = await second.ExpectAsync(Topic("a"), "x");
        Assert.True(again.Duplicate);
        Assert.Equal(before.PacketId, again.PacketId);
        await first.ExpectRefusalAsync(version, ReasonCode.SessionTakenOver);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.4-3")]
    [Clause(Old, "3.1.4-2")]
    public async Task The_end_of_an_old_connection_does_not_touch_its_successor(ProtocolVersion version)
    {
        var session = Kept(version) with { KeepAliveSeconds = 1 };
        await using var first = await ConnectAsync(session);
        await using var second = await ConnectAsync(session with { KeepAliveSeconds = 0 }, sessionPresent: true);
        await second.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        first.Drop();
        await LetTimePassAsync();
        await second.PingAsync();
        await PublishAsync(version, new Message(Topic("a"), "x", Qos1));
        await second.ExpectAsync(Topic("a"), "x");
    }

    [Fact]
    [Clause(New, "3.1.4-3")]
    public async Task A_client_that_returns_again_and_again_keeps_its_session()
    {
        var session = Kept(New);
        var current = await ConnectAsync(session);
        await current.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos1));
        for (var i = 0; i < 20; i++)
        {
            var next = await ConnectAsync(session, sessionPresent: true);
            await current.ExpectRefusalAsync(New, ReasonCode.SessionTakenOver);
            await current.DisposeAsync();
            current = next;
            await PublishAsync(New, new Message(Topic("a"), $"{i}", Qos1));
            await current.ExpectAsync(Topic("a"), $"{i}");
            await current.PingAsync();
        }

        await current.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.4-3")]
    [Clause(Old, "3.1.4-2")]
    public async Task A_connection_that_was_taken_over_is_not_heard_any_more(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        var session = Kept(version);
        await using var first = await ConnectAsync(session);
        await using var second = await ConnectAsync(session, sessionPresent: true);
        await first.ExpectRefusalAsync(version, ReasonCode.SessionTakenOver);
        await first.SendAsync(new Message(Topic("a"), "from the past", Qos0), 0);
        await second.PingAsync();
        await ExpectNothingMoreAsync(subscriber, Topic("a"));
    }
}
