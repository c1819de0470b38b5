using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class RetainedDeliveryTests
{
    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task A_new_subscription_gets_all_that_is_retained_wherever_it_lies(QualityOfService qualityOfService)
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");

        // In one batch of one partition, in an order that is not that of their names.
        broker.Log.Gate.Close();
        await publisher.PublishAsync(TestBroker.TopicIn(0, 99), "holds the commit thread");
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        var expected = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var index in Enumerable.Range(0, 30).OrderBy(index => index * 7919 % 30))
        {
            var topic = TestBroker.TopicIn(index % 2, index);
            expected.Add(topic);
            await publisher.PublishAsync(topic, topic, QualityOfService.ExactlyOnce, retain: true);
        }

        broker.Log.Gate.Open();
        await broker.PublishAsync("elsewhere", "x");
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("t/#", qualityOfService);
        var received = new SortedSet<string>(StringComparer.Ordinal);
        for (var count = 0; count < expected.Count; count++)
        {
            var message = await subscriber.Output.TakeAsync(packet => packet.Type == PacketType.Publish, $"retained message {count}");
            Assert.True(message.Retain);
            Assert.True(received.Add(message.Payload), $"{message.Payload} came twice.");
            await subscriber.AnswerAsync(message);
        }

        Assert.Equal(expected, received);
    }

    /// <summary>A retained message is older than the subscription that asks for it, and comes with that one's identifier [MQTT-3.3.4-3].</summary>
    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task A_retained_message_tells_the_identifier_of_the_subscription_that_asked_for_it(QualityOfService qualityOfService)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.PublishAsync("a/b", "1", QualityOfService.ExactlyOnce, retain: true);
        var subscriber = await broker.ConnectAsync("subscriber");

        await subscriber.SubscribeAsync("other", identifier: 7);
        await subscriber.SubscribeAsync("a/+", qualityOfService, identifier: 8);

        Assert.Equal([8u], (await subscriber.MessageAsync()).Identifiers);
    }

    [Fact]
    public async Task Retained_messages_that_were_not_confirmed_are_sent_again()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        broker.Log.Gate.Close();
        await publisher.PublishAsync(TestBroker.TopicIn(0, 99), "holds the commit thread");
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        for (var index = 10; index > 0; index--)
        {
            await publisher.PublishAsync(TestBroker.TopicIn(0, index), $"{index}", retain: true);
        }

        broker.Log.Gate.Open();
        await broker.PublishAsync("elsewhere", "x");
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("t/#");
        var sent = new List<ReceivedPacket>();
        for (var count = 0; count < 10; count++)
        {
            sent.Add(await subscriber.MessageAsync());
        }

        await subscriber.LoseAsync();
        subscriber = await broker.ConnectAsync("subscriber");
        foreach (var message in sent)
        {
            var again = await subscriber.MessageAsync(message.Payload);
            Assert.Equal((message.PacketId, true, true), (again.PacketId, again.Duplicate, again.Retain));
        }
    }

    [Theory]
    [InlineData(0, true, true)]
    [InlineData(1, true, false)]
    [InlineData(2, false, false)]
    public async Task Retain_handling_says_when_they_are_sent(byte handling, bool whenNew, bool whenReplaced)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.PublishAsync("a", "retained", retain: true);
        var client = await broker.ConnectAsync("client");
        foreach (var isSent in (bool[])[whenNew, whenReplaced])
        {
            await client.SubscribeAsync("a", retainHandling: handling);
            if (isSent)
            {
                await client.MessageAsync("retained");
            }

            await broker.PublishAsync("a", "live");
            await client.MessageAsync("live");
        }
    }

    [Fact]
    public async Task An_empty_payload_clears_the_topic_also_after_a_restart()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.PublishAsync("a", "1", retain: true);
        await broker.PublishAsync("b", "2", retain: true);
        await broker.CheckpointAsync();
        await broker.PublishAsync("a", "", retain: true);
        await broker.CrashAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("#");
        await client.MessageAsync("2");
        await client.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_retained_message_of_QoS_0_is_logged_and_survives_a_crash()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishAsync("a", "1", QualityOfService.AtMostOnce, retain: true);
        await broker.PublishAsync("elsewhere", "x");
        await broker.CrashAsync();
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("#");
        Assert.Equal(QualityOfService.AtMostOnce, (await client.MessageAsync("1")).QualityOfService);
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    public async Task A_subscription_that_is_repeated_by_a_client_that_does_not_read_costs_no_more_than_one(QualityOfService qualityOfService)
    {
        const int Topics = 100;
        await using var broker = await TestBroker.StartAsync();
        await broker.PublishAsync("first", new string('x', MemoryOutput.NetworkBytes + 1), retain: true);
        var expected = new HashSet<string> { "first" };
        for (var index = 0; index < Topics; index++)
        {
            await broker.PublishAsync($"a/{index}", $"{index}", retain: true);
            expected.Add($"a/{index}");
        }

        var client = await broker.ConnectAsync("client", with: packet => packet with { ReceiveMaximum = 2 * Topics });
        client.Output.StopReading();
        await client.SendSubscribeAsync("first");
        for (var count = 0; count < 50; count++)
        {
            await client.SendSubscribeAsync("a/+", qualityOfService);
        }

        client.Output.StartReading();
        await client.PingAsync();
        for (var count = 0; count <= Topics; count++)
        {
            var message = await client.Output.TakeAsync(packet => packet.Type == PacketType.Publish, $"message {count}");
            Assert.True(expected.Remove(message.Topic), $"{message.Topic} came twice.");
            await client.AnswerAsync(message);
        }

        await broker.PublishAsync("a/live", "live");
        await client.Output.TakeAsync(packet => packet.Payload == "live", "live");
        await client.AssertNothingCameAsync(besides: PacketType.SubAck);
    }

    [Fact]
    public async Task Retained_messages_wait_for_a_client_that_goes_away_before_it_has_them()
    {
        await using var broker = await TestBroker.StartAsync();
        for (var index = 0; index < 20; index++)
        {
            await broker.PublishAsync($"a/{index}", new string('x', 1000), retain: true);
        }

        var client = await broker.ConnectAsync("client", with: packet => packet with { ReceiveMaximum = 2 });
        await client.SubscribeAsync("a/+");
        var first = await client.MessageAsync();
        await client.LoseAsync();
        client = await broker.ConnectAsync("client");
        var topics = new HashSet<string> { first.Topic };
        while (topics.Count < 20)
        {
            var message = await client.MessageAsync();
            topics.Add(message.Topic);
            await client.AnswerAsync(message);
        }
    }

    [Fact]
    public async Task After_UNSUBSCRIBE_no_further_retained_messages_are_sent()
    {
        await using var broker = await TestBroker.StartAsync();
        for (var index = 0; index < 20; index++)
        {
            await broker.PublishAsync($"a/{index}", "x", retain: true);
        }

        var client = await broker.ConnectAsync("client", with: packet => packet with { ReceiveMaximum = 1 });
        await client.SubscribeAsync("a/+");
        var first = await client.MessageAsync();
        await client.UnsubscribeAsync("a/+");
        await client.AnswerAsync(first);
        await client.SubscribeAsync("b");
        await broker.PublishAsync("b", "after");
        await client.MessageAsync("after");
        await client.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_retained_message_that_is_older_than_the_log_reaches_a_QoS_2_subscriber()
    {
        await using var broker = await TestBroker.StartAsync();
        var topic = TestBroker.TopicIn(0);
        await broker.PublishAsync(topic, "old", retain: true);
        await broker.PublishAsync(TestBroker.TopicIn(0, 1), "newer", retain: true);
        await broker.CheckpointAsync();
        broker.Log.Trim(0, 1);
        var client = await broker.ConnectAsync("client");
        await client.SubscribeAsync("t/#", QualityOfService.ExactlyOnce);
        var payloads = new List<string>();
        for (var count = 0; count < 2; count++)
        {
            var message = await client.MessageAsync();
            Assert.Equal((QualityOfService.ExactlyOnce, true), (message.QualityOfService, message.Retain));
            payloads.Add(message.Payload);
            await client.AnswerAsync(message);
        }

        Assert.Equal(["newer", "old"], payloads.Order());
    }

    /// <summary>
    /// SUBSCRIBE races with publishes of the same topic: the retained value and what follows it come once each and in order, whether the session
    /// is live or behind.
    /// </summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public async Task A_subscription_that_races_with_publishes_never_sees_a_value_twice_or_an_older_one_after_a_newer(int seed, bool isBehind)
    {
        var random = new Random(seed);
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        for (var round = 0; round < 15; round++)
        {
            var topic = TestBroker.TopicIn(round % 4, round);
            var subscriber = await broker.ConnectAsync($"subscriber {round}", with: packet => packet with { ReceiveMaximum = 100 });
            if (isBehind)
            {
                await subscriber.SubscribeAsync("other", QualityOfService.AtLeastOnce);
                subscriber.Output.StopReading();
                await broker.PublishAsync("other", new string('x', MemoryOutput.NetworkBytes + 1));
                await broker.PublishAsync("other", "behind from here");
            }

            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            broker.Stores.SessionGate = gate.Task;
            var before = random.Next(5);
            var values = 0;
            await PublishAsync(random.Next(4));
            var subscribing = subscriber.SubscribeAsync(topic);
            await PublishAsync(before);
            var racing = PublishAsync(random.Next(20));
            gate.SetResult();
            if (isBehind)
            {
                await racing;
                subscriber.Output.StartReading();
            }

            await subscribing.Within();
            await racing;
            await PublishAsync(1);
            var last = 0;
            while (last < values)
            {
                var message = await subscriber.MessageAsync();
                await subscriber.AnswerAsync(message);
                if (message.Topic != topic)
                {
                    continue;
                }

                var value = int.Parse(message.Payload);
                Assert.True(last == 0 || value == last + 1, $"Seed {seed}, round {round}: {value} after {last}.");
                Assert.True(last == 0 || !message.Retain, $"Seed {seed}, round {round}: {value} is retained and came after {last}.");
                last = value;
            }

            await subscriber.PingAsync();
            Assert.DoesNotContain(subscriber.Output.Waiting(), packet => packet.Topic == topic);
            await subscriber.DisconnectAsync(expirySeconds: 0);

            async Task PublishAsync(int count)
            {
                for (; count > 0; count--)
                {
                    await publisher.PublishAndWaitAsync(topic, $"{++values}", retain: true);
                }
            }
        }
    }
}
