using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Section 3.3.2.3: the properties of a message.</summary>
public sealed class PropertyTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Fact]
    [Clause(New, "3.3.2-4", "3.3.2-15", "3.3.2-16", "3.3.2-17", "3.3.2-18", "3.3.2-20")]
    public async Task Properties_that_belong_to_the_message_are_forwarded_unaltered_and_in_order()
    {
        byte[] properties =
        [
            1, 1, 3, 0, 4, .. "text"u8, 8, 0, 5, .. "reply"u8, 9, 0, 3, 0, 1, 255,
            38, 0, 1, .. "b"u8, 0, 1, .. "1"u8, 38, 0, 1, .. "a"u8, 0, 1, .. "2"u8, 38, 0, 1, .. "b"u8, 0, 0,
        ];
        foreach (var quality in new[] { Qos0, Qos1, Qos2 })
        {
            await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("a"), quality));
            await PublishAsync(New, new Message(Topic("a"), "x", quality) { Properties = properties });
            var message = await subscriber.TakeAsync();
            Assert.True(PropertyFilter.TryGetNumber(message.Properties, 1, out var format));
            Assert.Equal(1u, format);
            Assert.Equal("text"u8.ToArray(), message.Property(3));
            Assert.Equal("reply"u8.ToArray(), message.Property(8));
            Assert.Equal([0, 1, 255], message.Property(9));
            Assert.Equal([new UserProperty("b", "1"), new UserProperty("a", "2"), new UserProperty("b", "")], message.UserProperties);
        }
    }

    [Fact]
    [Clause(New, "3.3.2-5", "3.3.2-6")]
    public async Task A_message_that_waited_is_delivered_with_what_is_left_of_its_expiry_or_not_at_all()
    {
        var session = Kept(New);
        await using (var subscriber = await ConnectAsync(session))
        {
            await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos1));
            await subscriber.DisconnectAsync(New);
        }

        await PublishAsync(
            New,
            new Message(Topic("a"), "expires", Qos1) { ExpirySeconds = 1 },
            new Message(Topic("a"), "lasts", Qos1) { ExpirySeconds = 1_000 },
            new Message(Topic("a"), "for ever", Qos1));
        await LetTimePassAsync();

        await using var resumed = await ConnectAsync(session, sessionPresent: true);
        var lasting = await resumed.ExpectAsync(Topic("a"), "lasts");
        Assert.InRange(lasting.ExpirySeconds ?? 0, 900u, 999u);
        Assert.Null((await resumed.ExpectAsync(Topic("a"), "for ever")).ExpirySeconds);
    }

    [Fact]
    [Clause(New, "3.3.2-6")]
    public async Task A_message_that_did_not_wait_keeps_its_expiry()
    {
        foreach (var quality in new[] { Qos0, Qos1, Qos2 })
        {
            await using var subscriber = await SubscribedAsync(New, new SubscriptionRequest(Topic("a"), quality));
            await PublishAsync(New, new Message(Topic("a"), "x", quality) { ExpirySeconds = 1_000 });
            Assert.InRange((await subscriber.ExpectAsync(Topic("a"), "x")).ExpirySeconds ?? 0, 990u, 1_000u);
        }
    }

    [Fact]
    [Clause(New, "3.3.2-17")]
    public async Task Properties_do_not_reach_a_subscriber_of_3_1_1()
    {
        await using var subscriber = await SubscribedAsync(Old, new SubscriptionRequest(Topic("a"), Qos1));
        byte[] properties = [1, 1, 3, 0, 4, .. "text"u8, 38, 0, 1, .. "n"u8, 0, 1, .. "v"u8];
        await PublishAsync(New, new Message(Topic("a"), "x", Qos1) { Properties = properties, ExpirySeconds = 100 });
        await subscriber.ExpectAsync(Topic("a"), "x");
    }
}
