using Holdfast.Broker.Connections;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class AcknowledgementTests
{
    [Theory]
    [InlineData(QualityOfService.AtLeastOnce, PacketType.PubAck)]
    [InlineData(QualityOfService.ExactlyOnce, PacketType.PubRec)]
    public async Task A_publish_is_acknowledged_after_the_commit_and_delivered_after_it(QualityOfService qualityOfService, PacketType acknowledgement)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a");
        var publisher = await broker.ConnectAsync("publisher");
        broker.Log.Gate.Close();

        var packetId = await publisher.PublishAsync("a", "1", qualityOfService);
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        await publisher.AssertNothingCameAsync();
        await subscriber.AssertNothingCameAsync();

        broker.Log.Gate.Open();
        var answer = await publisher.NextAsync();
        Assert.Equal((acknowledgement, packetId), (answer.Type, answer.PacketId));
        await subscriber.MessageAsync("1");
    }

    [Fact]
    public async Task The_release_of_a_persistent_session_is_committed_before_PUBCOMP()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        var packetId = await publisher.PublishAsync("a", "1", QualityOfService.ExactlyOnce);
        await publisher.AckFromServerAsync(PacketType.PubRec, packetId);
        broker.Log.Gate.Close();

        await publisher.SendAckAsync(PacketType.PubRel, packetId);
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        await publisher.AssertNothingCameAsync();
        broker.Log.Gate.Open();
        await publisher.AckFromServerAsync(PacketType.PubComp, packetId);
    }

    [Fact]
    public async Task Acknowledgements_go_out_in_the_order_of_arrival_whatever_partition_commits_first()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var sent = new List<ushort>();
            broker.Log.Gate.Close();
            var committing = broker.Log.Gate.WaitForArrivalAsync();
            for (var count = 0; count < 50; count++)
            {
                sent.Add(await publisher.PublishAsync(TestBroker.TopicIn(random.Next(4)), "x"));
                if (random.Next(10) == 0)
                {
                    await committing.Within();
                    committing = broker.Log.Gate.WaitForArrivalAsync();
                    broker.Log.Gate.LetOneGo();
                }
            }

            broker.Log.Gate.Open();
            foreach (var packetId in sent)
            {
                var answer = await publisher.NextAsync();
                Assert.Equal((PacketType.PubAck, packetId), (answer.Type, answer.PacketId));
            }
        }
    }

    [Fact]
    public async Task A_message_with_a_sequence_that_was_seen_is_acknowledged_and_not_stored_again()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("devices/d/events/e");
        var publisher = await broker.ConnectAsync("publisher");
        foreach (var payload in (string[])["1", "1 again"])
        {
            var packetId = await publisher.PublishAsync("devices/d/events/e", payload, sequence: ("s", 1));
            await publisher.AckFromServerAsync(PacketType.PubAck, packetId);
        }

        await publisher.PublishAsync("devices/d/events/e", "2", sequence: ("s", 2));
        await subscriber.MessageAsync("1");
        await subscriber.MessageAsync("2");
    }

    [Fact]
    public async Task A_publisher_is_read_again_as_soon_as_there_is_room()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        var payload = new string('x', 200_000);
        var packetIds = new List<ushort>();
        for (var count = 0; count < 200; count++)
        {
            // The clock stands still: no probe helps a wake-up that was lost.
            packetIds.Add(await publisher.PublishAsync("a", payload));
        }

        foreach (var packetId in packetIds)
        {
            await publisher.AckFromServerAsync(PacketType.PubAck, packetId);
        }
    }

    /// <summary>The clock stands still and nobody else publishes: only the sending of the acknowledgements can wake the publisher.</summary>
    [Fact]
    public async Task A_publisher_that_is_owed_the_most_acknowledgements_is_read_again_when_they_are_sent()
    {
        await using var broker = await TestBroker.StartAsync();
        var other = await broker.ConnectAsync("other");
        var publisher = await broker.ConnectAsync("publisher", version: ProtocolVersion.Mqtt311, cleanStart: true);
        broker.Log.Gate.Close();
        await other.PublishAsync("a", "holds the commit thread");
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        for (var count = 0; count < PendingAcknowledgements.Maximum; count++)
        {
            await publisher.PublishAsync("a", "x");
        }

        var oneMore = publisher.PublishAsync("a", "x");
        broker.Log.Gate.LetOneGo();
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        Assert.False(oneMore.IsCompleted);

        // All that was taken is in this one commit; when its acknowledgements are sent the committer has nothing to do.
        broker.Log.Gate.Open();
        await oneMore.Within();
    }
}
