using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

/// <summary>QoS 0: from the publisher's thread straight to the subscribers.</summary>
public sealed class DirectDeliveryTests
{
    [Fact]
    public async Task A_message_with_an_expiry_is_delivered_with_it()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a");
        var publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishAsync("a", "1", QualityOfService.AtMostOnce, expirySeconds: 10);
        var message = await subscriber.MessageAsync();
        Assert.Equal(("1", 10u), (message.Payload, message.MessageExpirySeconds));
        await subscriber.PingAsync();
    }

    [Fact]
    public async Task Nothing_is_logged()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a");
        var publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishAsync("a", "1", QualityOfService.AtMostOnce);
        await subscriber.MessageAsync("1");
        Assert.Equal(0, broker.Log.AppendedGroups);
    }

    [Fact]
    public async Task A_clogged_subscriber_delays_its_publisher_once_and_then_loses_messages_which_are_counted()
    {
        await using var broker = await TestBroker.StartAsync();
        using var dropped = new CounterReading(broker.Metrics.QosZeroDropped);
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a");
        var publisher = await broker.ConnectAsync("publisher");
        subscriber.Output.StopReading();

        // Clogs the subscriber; the publisher waits for it, by the clock.
        var first = publisher.PublishAsync("a", new string('x', MemoryOutput.NetworkBytes + 1), QualityOfService.AtMostOnce);
        await broker.AdvanceUntilAsync(() => first.IsCompleted, "the publisher's patience ends");
        Assert.Equal(0, dropped.Total);

        // The clock stands still: nobody waits any more.
        for (var count = 0; count < 10; count++)
        {
            await publisher.PublishAsync("a", "lost", QualityOfService.AtMostOnce);
        }

        Assert.Equal(10, dropped.Total);
        subscriber.Output.StartReading();
        await publisher.PublishAsync("a", "read again", QualityOfService.AtMostOnce);
        Assert.StartsWith("xxx", (await subscriber.MessageAsync()).Payload, StringComparison.Ordinal);
        await subscriber.MessageAsync("read again");
    }

    [Fact]
    public async Task A_publisher_does_not_wait_for_itself()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("a");
        client.Output.StopReading();
        await client.PublishAsync("a", new string('x', MemoryOutput.NetworkBytes + 1), QualityOfService.AtMostOnce);
        await client.PublishAsync("a", "lost", QualityOfService.AtMostOnce);
    }

    [Fact]
    public async Task What_was_published_while_nobody_was_connected_is_not_sent_at_QoS_0()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a", QualityOfService.AtMostOnce);
        await subscriber.LoseAsync();
        await broker.PublishAsync("a", "away");
        subscriber = await broker.ConnectAsync("subscriber");
        await broker.PublishAsync("a", "here");
        await subscriber.MessageAsync("here");
    }
}
