using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Operation;

/// <summary>Sections 3.3.4 and 3.3.5 of 3.1.1: a message that matches several subscriptions of one client.</summary>
public sealed class OverlapTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Fact]
    [Clause(New, "3.3.4-2", "3.3.4-3", "3.3.4-4")]
    public async Task Overlapping_subscriptions_bring_one_copy_with_the_highest_quality_and_all_identifiers()
    {
        Assert.SkipWhen(TargetBroker.IsForeign, "A broker may send a copy for each subscription.");
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
    [Clause(New, "3.3.4-2", "3.3.4-3", "3.3.4-5")]
    public async Task Every_copy_bears_the_identifiers_of_its_subscriptions()
    {
        await using var client = await ConnectAsync(New);
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = 1, Requests = [new(Topic("a/+"), Qos0)], SubscriptionIdentifier = 1 });
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = 2, Requests = [new(Topic("a/#"), Qos2)], SubscriptionIdentifier = 2 });
        await client.SubscribeAsync(New, new SubscriptionRequest(Topic("end"), Qos1));
        await PublishAsync(New, new Message(Topic("a/b"), "x", Qos2), new Message(Topic("end"), "end", Qos2));
        var identifiers = new List<uint>();
        var highest = Qos0;
        for (var message = await client.TakeAsync(); message.Payload != "end"; message = await client.TakeAsync())
        {
            Assert.NotEmpty(message.SubscriptionIdentifiers);
            identifiers.AddRange(message.SubscriptionIdentifiers);
            highest = message.Quality > highest ? message.Quality : highest;
        }

        Assert.Equal([1u, 2u], identifiers.Order());
        Assert.Equal(Qos2, highest);
    }

    [Fact]
    [Clause(Old, "3.3.5-1")]
    public async Task Overlapping_subscriptions_of_3_1_1_bring_the_highest_quality()
    {
        await using var client = await SubscribedAsync(Old, new(Topic("a"), Qos0), new(Topic("+"), Qos2), new(Topic("#"), Qos1));
        await PublishAsync(Old, new Message(Topic("a"), "x", Qos2), new Message(Topic("b/c"), "end", Qos2));
        var highest = Qos0;
        for (var message = await client.TakeAsync(); message.Payload != "end"; message = await client.TakeAsync())
        {
            highest = message.Quality > highest ? message.Quality : highest;
        }

        Assert.Equal(Qos2, highest);
    }
}
