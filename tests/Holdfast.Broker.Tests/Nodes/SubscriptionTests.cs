using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class SubscriptionTests
{
    /// <summary>Live, and read from the log: the rules are the same.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Overlapping_subscriptions_deliver_once_at_the_highest_QoS_with_all_identifiers(bool isAway)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a/#", QualityOfService.AtMostOnce, identifier: 1);
        await subscriber.SubscribeAsync("a/+", QualityOfService.ExactlyOnce, identifier: 2);
        await subscriber.SubscribeAsync("a/b", QualityOfService.AtLeastOnce, identifier: 3);
        subscriber = await AwayAsync(broker, subscriber, isAway, () => broker.PublishAsync("a/b", "1"));
        var message = await subscriber.MessageAsync("1");
        Assert.Equal(QualityOfService.ExactlyOnce, message.QualityOfService);
        Assert.Equal<uint[]>([1, 2, 3], [.. message.Identifiers.Order()]);
        await subscriber.AssertNothingCameAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_local_keeps_a_clients_own_messages_from_it(bool isAway)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a", noLocal: true);
        await subscriber.SubscribeAsync("b");
        subscriber = await AwayAsync(broker, subscriber, isAway, async () =>
        {
            var same = isAway ? await broker.ConnectAsync("subscriber") : subscriber;
            await same.PublishAndWaitAsync("a", "own");
            await broker.PublishAsync("a", "other");
            if (isAway)
            {
                await same.LoseAsync();
            }
        });
        var message = await subscriber.Output.TakeAsync(packet => packet.Type == PacketType.Publish, "PUBLISH");
        Assert.Equal("other", message.Payload);
        await subscriber.AnswerAsync(message);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task The_RETAIN_flag_is_kept_if_the_subscription_asks_for_it(bool retainAsPublished, bool isAway)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a", retainAsPublished: retainAsPublished);
        subscriber = await AwayAsync(broker, subscriber, isAway, () => broker.PublishAsync("a", "1", retain: true));
        Assert.Equal(retainAsPublished, (await subscriber.MessageAsync("1")).Retain);
    }

    [Fact]
    public async Task A_filter_that_is_wrong_is_refused_and_the_others_are_not()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        var answer = await client.SubscribeAsync(new SubscribePacket
        {
            PacketId = 100,
            Requests =
            [
                new SubscriptionRequest("a", QualityOfService.AtLeastOnce), new SubscriptionRequest("a+", QualityOfService.AtLeastOnce),
                new SubscriptionRequest("$share/g", QualityOfService.AtLeastOnce), new SubscriptionRequest("b", QualityOfService.ExactlyOnce),
            ],
        });
        Assert.Equal([ReasonCode.GrantedQos1, ReasonCode.TopicFilterInvalid, ReasonCode.TopicFilterInvalid, ReasonCode.GrantedQos2], answer.Reasons);
    }

    [Fact]
    public async Task After_UNSUBSCRIBE_nothing_comes_now_or_after_a_restart()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("a");
        await client.SubscribeAsync("b");
        await client.UnsubscribeAsync("a");
        await broker.PublishAsync("a", "1");
        await broker.PublishAsync("b", "2");
        await client.MessageAsync("2");
        await broker.CrashAsync();
        await broker.PublishAsync("a", "3");
        await broker.PublishAsync("b", "4");
        client = await broker.ConnectAsync("client");
        var message = await client.Output.TakeAsync(packet => packet.Type == PacketType.Publish && packet.Payload != "2", "PUBLISH");
        Assert.Equal("4", message.Payload);
    }

    [Fact]
    public async Task More_subscriptions_than_allowed_are_refused()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { MaximumSubscriptions = 2 });
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("a");
        await client.SubscribeAsync("b");
        Assert.Equal([ReasonCode.QuotaExceeded], (await client.SubscribeAsync("c")).Reasons);
        Assert.Equal([ReasonCode.GrantedQos1], (await client.SubscribeAsync("a")).Reasons);
    }

    [Fact]
    public async Task SUBACK_comes_after_the_subscription_is_stored()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        broker.Stores.SessionGate = gate.Task;
        var subscribing = client.SubscribeAsync("a");
        await broker.PublishAsync("elsewhere", "x");
        Assert.False(subscribing.IsCompleted);
        Assert.Empty(client.Output.Waiting());
        gate.SetResult();
        await subscribing;
    }

    private static async Task<TestClient> AwayAsync(TestBroker broker, TestClient client, bool isAway, Func<Task> meanwhile)
    {
        if (!isAway)
        {
            await meanwhile();
            return client;
        }

        await client.LoseAsync();
        await meanwhile();
        return await broker.ConnectAsync("subscriber");
    }
}
