using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Operation;

/// <summary>Section 4.8.2: Shared Subscriptions.</summary>
public sealed class SharedSubscriptionTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [InlineData("$share")]
    [InlineData("$share/")]
    [InlineData("$share/group")]
    [InlineData("$share//a")]
    [InlineData("$share/group/")]
    [InlineData("$share/gr+up/a")]
    [InlineData("$share/group#/a")]
    [InlineData("$share/group/a#")]
    [Clause(New, "4.8.2-1", "4.8.2-2")]
    public async Task A_filter_without_a_name_or_with_a_bad_one_is_refused(string filter)
    {
        await using var client = await ConnectAsync(New);
        await client.SendSubscribeAsync(New, new SubscriptionRequest(filter, Qos0));
        var answer = await client.ReceiveAnyAsync();
        if (filter == "$share" && answer?.Type == PacketType.SubAck)
        {
            // Without its slash it is a filter like others.
            return;
        }

        Assert.True(answer is null || answer.Type == PacketType.Disconnect || answer.Body[^1] >= 0x80, $"{filter}: {answer}");
    }

    [Theory]
    [MemberData(nameof(Versions))]

    public async Task A_message_goes_to_one_member_of_each_group(ProtocolVersion version)
    {
        const int Count = 40;
        await using var one = await SubscribedAsync(version, new SubscriptionRequest(Shared("first", "a"), Qos1));
        await using var two = await SubscribedAsync(version, new SubscriptionRequest(Shared("first", "a"), Qos1));
        await using var other = await SubscribedAsync(version, new SubscriptionRequest(Shared("second", "a"), Qos1));
        await using var alone = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await PublishAsync(version, [.. Enumerable.Range(0, Count).Select(i => new Message(Topic("a"), $"{i}", Qos1))]);
        for (var i = 0; i < Count; i++)
        {
            await other.ExpectAsync(Topic("a"), $"{i}");
            await alone.ExpectAsync(Topic("a"), $"{i}");
        }

        var received = await DrainAsync(version, one, two);
        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"{i}").Order(), received.Order());
    }

    [Fact]
    [Clause(New, "4.8.2-3")]
    public async Task Each_member_gets_messages_at_the_quality_that_it_was_granted()
    {
        await using var low = await ConnectAsync(New);
        await low.SubscribeAsync(New, new SubscriptionRequest(Shared("g", "a"), Qos0));
        await using var publisher = await ConnectAsync(New);
        await publisher.PublishAsync(new Message(Topic("a"), "1", Qos2));
        Assert.Equal(Qos0, (await low.ExpectAsync(Topic("a"), "1")).Quality);
        await low.DisconnectAsync(New);
        await using var high = await SubscribedAsync(New, new SubscriptionRequest(Shared("g", "a"), Qos2));
        await publisher.PublishAsync(new Message(Topic("a"), "2", Qos2));
        Assert.Equal(Qos2, (await high.ExpectAsync(Topic("a"), "2")).Quality);
        await publisher.PublishAsync(new Message(Topic("a"), "3", Qos1));
        Assert.Equal(Qos1, (await high.ExpectAsync(Topic("a"), "3")).Quality);
    }

    [Fact]
    [Clause(New, "3.3.4-3")]
    public async Task A_shared_message_bears_the_identifier_of_its_member()
    {
        await using var member = await ConnectAsync(New);
        await member.SubscribeAsync(New, new SubscribePacket { PacketId = 1, Requests = [new(Shared("g", "a"), Qos1)], SubscriptionIdentifier = 9 });
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1));
        Assert.Equal([9u], (await member.ExpectAsync(Topic("a"), "x")).SubscriptionIdentifiers);
    }

    [Fact]

    public async Task A_shared_subscription_brings_no_retained_messages()
    {
        await PublishAsync(New, new Message(Topic("a"), "retained", Qos1) { Retain = true });
        await using var member = await SubscribedAsync(New, new SubscriptionRequest(Shared("g", "a"), Qos1));
        await ExpectNothingMoreAsync(member, Topic("a"));
    }

    [Fact]
    [Clause(New, "3.10.4-1")]
    public async Task A_member_that_unsubscribes_gets_nothing_more()
    {
        await using var member = await SubscribedAsync(New, new(Shared("g", "a"), Qos1), new(Topic("end"), Qos1));
        var answer = await member.UnsubscribeAsync(New, Topic("a"), Shared("g", "a"), Shared("g", "a"));
        Assert.Equal([ReasonCode.NoSubscriptionExisted, ReasonCode.Success, ReasonCode.NoSubscriptionExisted], answer.Reasons);
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1));
        await ExpectNothingMoreAsync(member, Topic("end"));
    }

    [Fact]

    public async Task A_message_of_qos_1_that_a_lost_member_left_goes_to_another()
    {
        Assert.SkipWhen(TargetBroker.IsForeign, "The standard only recommends it.");
        await using var first = await ConnectAsync(New);
        await first.SubscribeAsync(New, new SubscriptionRequest(Shared("g", "a"), Qos1));
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1));
        await first.ReceivePublishAsync();
        await using var second = await SubscribedAsync(New, new SubscriptionRequest(Shared("g", "a"), Qos1));
        first.Drop();
        await second.ExpectAsync(Topic("a"), "x");
    }

    [Fact]
    [Clause(New, "4.8.2-4")]
    public async Task A_delivery_of_qos_2_that_was_cut_off_is_completed_with_the_same_member()
    {
        var session = Kept(New);
        await using var first = await ConnectAsync(session);
        await first.SubscribeAsync(New, new SubscriptionRequest(Shared("g", "a"), Qos2));
        await PublishAsync(New, new Message(Topic("a"), "x", Qos2));
        var before = await first.ReceivePublishAsync();
        await using var second = await SubscribedAsync(New, new(Shared("g", "a"), Qos2), new(Topic("end"), Qos1));
        first.Drop();
        await using var returned = await ConnectAsync(session, sessionPresent: true);
        var again = await returned.ExpectAsync(Topic("a"), "x");
        Assert.Equal((before.PacketId, true), (again.PacketId, again.Duplicate));
        await ExpectNothingMoreAsync(second, Topic("end"));
    }

    [Fact]
    [Clause(New, "4.8.2-5")]
    public async Task A_delivery_of_qos_2_whose_member_is_gone_for_good_goes_to_nobody()
    {
        // The will tells when the first member's session has ended.
        await using var second = await SubscribedAsync(New, new SubscriptionRequest(Topic("will"), Qos1));
        var will = new Will { Topic = Topic("will"), Payload = "ended"u8.ToArray(), DelaySeconds = 600 };
        await using var first = await ConnectAsync(Kept(New) with { SessionExpirySeconds = 1, Will = will });
        await first.SubscribeAsync(New, new SubscriptionRequest(Shared("g", "a"), Qos2));
        await PublishAsync(New, new Message(Topic("a"), "x", Qos2));
        await first.ReceivePublishAsync();
        await second.SubscribeAsync(New, new SubscriptionRequest(Shared("g", "a"), Qos2));
        first.Drop();
        await second.ExpectAsync(Topic("will"), "ended");
        await ExpectNothingMoreAsync(second, Topic("a"));
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Clause(New, "4.8.2-6")]
    public async Task A_message_that_a_member_refuses_goes_to_nobody_else(QualityOfService quality)
    {
        await using var first = await ConnectAsync(New);
        await first.SubscribeAsync(New, new SubscriptionRequest(Shared("g", "a"), quality));
        await PublishAsync(New, new Message(Topic("a"), "x", quality));
        var message = await first.ReceivePublishAsync();
        await using var second = await SubscribedAsync(New, new(Shared("g", "a"), Qos2), new(Topic("end"), Qos1));
        await first.SendAsync(quality == Qos1 ? PacketType.PubAck : PacketType.PubRec, message.PacketId, ReasonCode.UnspecifiedError);
        await first.PingAsync();
        await first.DisconnectAsync(New);
        await ExpectNothingMoreAsync(second, Topic("end"));
    }

    private string Shared(string group, string topic) => $"$share/{group}/{Topic(topic)}";

    /// <summary>The payloads that wait for the members, each of which must have one more subscription for the end.</summary>
    private async Task<List<string>> DrainAsync(ProtocolVersion version, params TestClient[] members)
    {
        var received = new List<string>();
        foreach (var member in members)
        {
            await member.SubscribeAsync(version, new SubscriptionRequest(Topic("end"), Qos1));
        }

        await PublishAsync(version, new Message(Topic("end"), "end", Qos1));
        foreach (var member in members)
        {
            for (var message = await member.TakeAsync(); message.Payload != "end"; message = await member.TakeAsync())
            {
                received.Add(message.Payload);
            }
        }

        return received;
    }
}
