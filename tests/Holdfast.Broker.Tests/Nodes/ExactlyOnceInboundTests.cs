using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

/// <summary>QoS 2 from a publisher: whatever ends at whichever step, the message is stored once.</summary>
public sealed class ExactlyOnceInboundTests
{
    public static TheoryData<Interruption, Interruption, Interruption> Interruptions()
    {
        var data = new TheoryData<Interruption, Interruption, Interruption>();
        foreach (var first in Enum.GetValues<Interruption>())
        {
            data.Add(first, Interruption.None, Interruption.None);
            data.Add(Interruption.None, first, Interruption.None);
            data.Add(Interruption.None, Interruption.None, first);
            data.Add(first, first, first);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Interruptions))]
    public async Task A_message_is_delivered_once_whatever_interrupts_the_exchange(Interruption afterPublish, Interruption afterPubRec, Interruption afterPubRel)
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("#", QualityOfService.AtLeastOnce);
        await subscriber.LoseAsync();

        // The answer is lost with the connection.
        await publisher.PublishAsync("a", "1", QualityOfService.ExactlyOnce, packetId: 7);
        await publisher.AckFromServerAsync(PacketType.PubRec, 7);
        publisher = await InterruptAsync(broker, publisher, afterPublish);
        await publisher.PublishAsync("a", "1", QualityOfService.ExactlyOnce, packetId: 7, duplicate: true);
        await publisher.AckFromServerAsync(PacketType.PubRec, 7);

        publisher = await InterruptAsync(broker, publisher, afterPubRec);
        await publisher.SendAckAsync(PacketType.PubRel, 7);
        await publisher.AckFromServerAsync(PacketType.PubComp, 7);
        publisher = await InterruptAsync(broker, publisher, afterPubRel);
        await publisher.SendAckAsync(PacketType.PubRel, 7);
        await publisher.AckFromServerAsync(PacketType.PubComp, 7);

        // The same packet identifier again is another message now.
        await publisher.PublishAsync("a", "2", QualityOfService.ExactlyOnce, packetId: 7);
        await publisher.AckFromServerAsync(PacketType.PubRec, 7);
        subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.MessageAsync("1");
        await subscriber.MessageAsync("2");
        await subscriber.AssertNothingCameAsync();
    }

    [Theory]
    [InlineData(Interruption.None)]
    [InlineData(Interruption.Reconnect)]
    [InlineData(Interruption.Crash)]
    [InlineData(Interruption.CrashAfterCheckpoint)]
    [InlineData(Interruption.Drain)]
    public async Task After_PUBCOMP_the_packet_identifier_means_another_message(Interruption interruption)
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishAsync(TestBroker.TopicIn(1), "1", QualityOfService.ExactlyOnce, packetId: 7);
        await publisher.AckFromServerAsync(PacketType.PubRec, 7);
        await broker.CheckpointAsync();
        await publisher.SendAckAsync(PacketType.PubRel, 7);
        await publisher.AckFromServerAsync(PacketType.PubComp, 7);
        publisher = await InterruptAsync(broker, publisher, interruption);
        var end = broker.Log.CommittedOffset(1);
        await publisher.PublishAsync(TestBroker.TopicIn(1), "2", QualityOfService.ExactlyOnce, packetId: 7);
        await publisher.AckFromServerAsync(PacketType.PubRec, 7);
        Assert.Equal(end + 1, broker.Log.CommittedOffset(1));
    }

    [Fact]
    public async Task A_repetition_before_the_commit_is_answered_after_it()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        broker.Log.Gate.Close();
        await publisher.PublishAsync("a", "1", QualityOfService.ExactlyOnce, packetId: 7);
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        await publisher.LoseAsync();
        publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishAsync("a", "1", QualityOfService.ExactlyOnce, packetId: 7, duplicate: true);
        await publisher.AssertNothingCameAsync();
        broker.Log.Gate.Open();
        await publisher.AckFromServerAsync(PacketType.PubRec, 7);
        Assert.Equal(1, broker.Log.AppendedGroups);
    }

    [Fact]
    public async Task A_crash_before_the_commit_forgets_the_message_and_the_repetition_is_stored()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        broker.Log.Gate.Close();
        await publisher.PublishAsync("a", "1", QualityOfService.ExactlyOnce, packetId: 7);
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        await broker.CrashAsync();
        publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishAsync("a", "1", QualityOfService.ExactlyOnce, packetId: 7, duplicate: true);
        await publisher.AckFromServerAsync(PacketType.PubRec, 7);
        Assert.Equal(1, broker.Log.CommittedOffset(PartitionWithRecords(broker)));
    }

    [Fact]
    public async Task A_packet_identifier_used_for_two_partitions_survives_a_crash()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        for (var partition = 3; partition >= 0; partition--)
        {
            await publisher.PublishAsync(TestBroker.TopicIn(partition), $"{partition}", QualityOfService.ExactlyOnce, packetId: 7);
            await publisher.AckFromServerAsync(PacketType.PubRec, 7);
            if (partition > 0)
            {
                await publisher.SendAckAsync(PacketType.PubRel, 7);
                await publisher.AckFromServerAsync(PacketType.PubComp, 7);
            }
        }

        await broker.CrashAsync();
        publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishAsync(TestBroker.TopicIn(0), "0", QualityOfService.ExactlyOnce, packetId: 7, duplicate: true);
        await publisher.AckFromServerAsync(PacketType.PubRec, 7);
        Assert.Equal(1, broker.Log.CommittedOffset(0));
    }

    [Fact]
    public async Task A_release_of_nothing_is_answered_with_its_reason()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        await publisher.SendAckAsync(PacketType.PubRel, 9);
        Assert.Equal(ReasonCode.PacketIdentifierNotFound, (await publisher.AckFromServerAsync(PacketType.PubComp, 9)).Reason);
    }

    [Fact]
    public async Task A_session_that_is_not_kept_keeps_no_receipts()
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var payload in (string[])["1", "2"])
        {
            var publisher = await broker.ConnectAsync("publisher", expirySeconds: 0);
            await publisher.PublishAsync("a", payload, QualityOfService.ExactlyOnce, packetId: 7);
            await publisher.AckFromServerAsync(PacketType.PubRec, 7);
            await publisher.PublishAsync("a", payload, QualityOfService.ExactlyOnce, packetId: 7, duplicate: true);
            await publisher.AckFromServerAsync(PacketType.PubRec, 7);
            await publisher.LoseAsync();
        }

        Assert.Equal(2, broker.Log.CommittedOffset(PartitionWithRecords(broker)));
    }

    [Fact]
    public async Task More_than_the_receive_maximum_is_refused()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { ReceiveMaximum = 3 });
        var publisher = await broker.ConnectAsync("publisher");
        Assert.Equal<ushort?>(3, publisher.ConnAck.ReceiveMaximum);
        for (var count = 0; count < 3; count++)
        {
            await publisher.AckFromServerAsync(PacketType.PubRec, await publisher.PublishAsync("a", "x", QualityOfService.ExactlyOnce));
        }

        await publisher.PublishAsync("a", "x", QualityOfService.ExactlyOnce);
        Assert.Equal(ReasonCode.ReceiveMaximumExceeded, await publisher.DisconnectedByServerAsync());
    }

    private static int PartitionWithRecords(TestBroker broker) => Enumerable.Range(0, 4).Single(partition => broker.Log.CommittedOffset(partition) > 0);

    private static async Task<TestClient> InterruptAsync(TestBroker broker, TestClient client, Interruption interruption)
    {
        await broker.InterruptAsync(client, interruption);
        if (interruption == Interruption.None)
        {
            return client;
        }

        client = await broker.ConnectAsync("publisher");
        Assert.True(client.ConnAck.SessionPresent);
        return client;
    }
}
