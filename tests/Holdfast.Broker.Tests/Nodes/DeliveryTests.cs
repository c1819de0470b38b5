using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class DeliveryTests
{
    [Fact]
    public async Task Unconfirmed_messages_are_sent_again_with_DUP_and_their_packet_identifiers()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a");
        var sent = new List<ReceivedPacket>();
        for (var number = 0; number < 5; number++)
        {
            await broker.PublishAsync("a", $"{number}");
            sent.Add(await subscriber.MessageAsync());
        }

        await subscriber.AnswerAsync(sent[1]);
        await subscriber.AnswerAsync(sent[3]);
        await subscriber.LoseAsync();
        await broker.PublishAsync("a", "5");
        subscriber = await broker.ConnectAsync("subscriber");
        foreach (var expected in (int[])[0, 2, 4])
        {
            var again = await subscriber.MessageAsync($"{expected}");
            Assert.Equal((sent[expected].PacketId, true), (again.PacketId, again.Duplicate));
        }

        Assert.False((await subscriber.MessageAsync("5")).Duplicate);
        await broker.PublishAsync("a", "6");
        await subscriber.MessageAsync("6");
        await subscriber.AssertNothingCameAsync();
    }

    [Fact]
    public async Task The_receive_maximum_of_the_client_is_kept()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber", with: packet => packet with { ReceiveMaximum = 3 });
        await subscriber.SubscribeAsync("a");
        for (var number = 0; number < 20; number++)
        {
            await broker.PublishAsync("a", $"{number}", QualityOfService.AtLeastOnce);
        }

        var underWay = new Queue<ReceivedPacket>();
        for (var number = 0; number < 20; number++)
        {
            if (underWay.Count == 3)
            {
                await subscriber.AssertNothingCameAsync();
                await subscriber.AnswerAsync(underWay.Dequeue());
                await subscriber.AnswerAsync(underWay.Dequeue());
            }

            underWay.Enqueue(await subscriber.MessageAsync());
            Assert.Equal($"{number}", underWay.Last().Payload);
        }
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task A_client_that_returns_with_a_lower_receive_maximum_is_not_sent_more_at_a_time(QualityOfService qualityOfService)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a", qualityOfService);
        for (var number = 0; number < 10; number++)
        {
            await broker.PublishAsync("a", $"{number}");
            await subscriber.MessageAsync();
        }

        await subscriber.LoseAsync();
        subscriber = await broker.ConnectAsync("subscriber", with: packet => packet with { ReceiveMaximum = 2 });
        await broker.PublishAsync("a", "10");
        for (var number = 0; number <= 10; number += 2)
        {
            var first = await subscriber.MessageAsync();
            var second = number == 10 ? null : await subscriber.MessageAsync();
            await subscriber.AssertNothingCameAsync();
            Assert.Equal($"{number}", first.Payload);
            await subscriber.AnswerAsync(first);
            if (second is not null)
            {
                Assert.Equal($"{number + 1}", second.Payload);

                // The answer to the first may have let the next one go before the second is answered.
                await subscriber.AnswerAsync(second);
            }
        }
    }

    /// <summary>Publishing goes on over several partitions while the subscriber stops and starts to read, confirms, leaves and comes back.</summary>
    [Theory]
    [InlineData(1, QualityOfService.AtLeastOnce)]
    [InlineData(2, QualityOfService.AtLeastOnce)]
    [InlineData(3, QualityOfService.AtLeastOnce)]
    [InlineData(4, QualityOfService.ExactlyOnce)]
    [InlineData(5, QualityOfService.ExactlyOnce)]
    public async Task A_subscriber_that_falls_behind_costs_no_memory_and_gets_everything_in_order(int seed, QualityOfService qualityOfService)
    {
        const int Messages = 600;
        var random = new Random(seed);
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber", with: packet => packet with { ReceiveMaximum = 50 });
        await subscriber.SubscribeAsync("t/#", qualityOfService);
        var publisher = await broker.ConnectAsync("publisher");
        var published = new int[4];
        var next = new int[4];
        var mostWaiting = 0;
        var publishing = PublishAsync(publisher, seed, qualityOfService, Messages, published);
        var isReading = true;
        while (next.Sum() < Messages)
        {
            switch (random.Next(12))
            {
                case 0 when isReading:
                    isReading = false;
                    subscriber.Output.StopReading();
                    break;
                case 1:
                    mostWaiting = Math.Max(mostWaiting, subscriber.Output.MostWaitingBytes);
                    await subscriber.LoseAsync();
                    subscriber = await broker.ConnectAsync("subscriber", with: packet => packet with { ReceiveMaximum = 50 });
                    isReading = true;
                    break;
                default:
                    if (!isReading && random.Next(3) == 0)
                    {
                        isReading = true;
                        subscriber.Output.StartReading();
                    }

                    for (var count = 0; count < 20 && subscriber.Output.TryTake(static _ => true) is { } packet; count++)
                    {
                        await ReceiveAsync(subscriber, packet, seed, next);
                    }

                    await Task.Yield();
                    break;
            }

            if (publishing.IsFaulted)
            {
                break;
            }
        }

        await publishing.Within();
        Assert.Equal(published, next);

        // What the network takes, and one batch beyond it.
        Assert.InRange(mostWaiting, 0, MemoryOutput.NetworkBytes + 600_000);
    }

    private static async Task PublishAsync(TestClient publisher, int seed, QualityOfService qualityOfService, int messages, int[] published)
    {
        var random = new Random(-seed);
        var filler = new string('x', 1000);
        for (var number = 0; number < messages; number++)
        {
            var partition = random.Next(published.Length);
            await publisher.PublishAndWaitAsync(TestBroker.TopicIn(partition), $"{partition}:{published[partition]++}:{filler}", qualityOfService);
        }
    }

    private static async Task ReceiveAsync(TestClient subscriber, ReceivedPacket packet, int seed, int[] next)
    {
        if (packet.Type == PacketType.PubRel)
        {
            await subscriber.SendAckAsync(PacketType.PubComp, packet.PacketId);
            return;
        }

        var parts = packet.Payload.Split(':');
        var (partition, number) = (int.Parse(parts[0]), int.Parse(parts[1]));
        Assert.True(
            number == next[partition] || (packet.Duplicate && number < next[partition]), $"Seed {seed}: {partition}:{number} came for {next[partition]}.");
        next[partition] = Math.Max(next[partition], number + 1);
        await subscriber.SendAckAsync(packet.QualityOfService == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec, packet.PacketId);
    }

    [Fact]
    public async Task A_packet_that_is_larger_than_the_client_accepts_is_left_out_and_counted()
    {
        await using var broker = await TestBroker.StartAsync();
        using var tooLarge = new CounterReading(broker.Metrics.TooLargeForClient);
        var number = 0;
        foreach (var qualityOfService in Enum.GetValues<QualityOfService>())
        {
            number++;
            var subscriber = await broker.ConnectAsync($"subscriber {number}", with: packet => packet with { MaximumPacketSize = 200 });
            await subscriber.SubscribeAsync("a", qualityOfService);
            await broker.PublishAsync("a", new string('x', 200));
            await broker.PublishAsync("a", "small");
            await broker.PublishAsync("a", "next");
            await subscriber.MessageAsync("small");
            await subscriber.MessageAsync("next");
            Assert.Equal(number, tooLarge.Total);
            await subscriber.DisconnectAsync(expirySeconds: 0);
        }
    }

    [Fact]
    public async Task Expired_messages_are_left_out_and_counted_and_others_say_what_is_left()
    {
        await using var broker = await TestBroker.StartAsync();
        using var expired = new CounterReading(broker.Metrics.Expired);
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a");
        await subscriber.LoseAsync();
        var publisher = await broker.ConnectAsync("publisher");
        await publisher.AckFromServerAsync(PacketType.PubAck, await publisher.PublishAsync("a", "short", expirySeconds: 10));
        await publisher.AckFromServerAsync(PacketType.PubAck, await publisher.PublishAsync("a", "long", expirySeconds: 100));
        broker.Time.Advance(TimeSpan.FromSeconds(30));
        subscriber = await broker.ConnectAsync("subscriber");
        Assert.Equal(70u, (await subscriber.MessageAsync("long")).MessageExpirySeconds);
        Assert.Equal(1, expired.Total);
    }

    [Fact]
    public async Task What_retention_has_removed_unread_is_counted()
    {
        await using var broker = await TestBroker.StartAsync();
        using var trimmed = new CounterReading(broker.Metrics.TrimmedUnread);
        var subscriber = await broker.ConnectAsync("subscriber");
        var topic = TestBroker.TopicIn(1);
        await subscriber.SubscribeAsync(topic);
        await subscriber.LoseAsync();
        for (var number = 0; number < 5; number++)
        {
            await broker.PublishAsync(topic, $"{number}");
        }

        broker.Log.Trim(1, 3);
        subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.MessageAsync("3");
        await subscriber.MessageAsync("4");
        Assert.Equal(3, trimmed.Total);
    }

    [Fact]
    public async Task A_device_that_comes_back_reads_what_may_be_its_own_and_passes_over_the_rest()
    {
        await using var broker = await TestBroker.StartAsync();
        var device = await broker.ConnectAsync("device");
        var topic = TestBroker.TopicIn(1);
        await device.SubscribeAsync(topic);
        await device.LoseAsync();
        await broker.PublishAsync(topic, "own");
        for (var number = 0; number < 20; number++)
        {
            await broker.PublishAsync(TestBroker.TopicIn(2), $"{number}");
        }

        broker.Log.PartitionsRead.Clear();
        device = await broker.ConnectAsync("device");
        await device.MessageAsync("own");
        await broker.PublishAsync(topic, "live");
        await device.MessageAsync("live");
        await device.AssertNothingCameAsync();
        Assert.Equal([1], broker.Log.PartitionsRead);
    }
}
