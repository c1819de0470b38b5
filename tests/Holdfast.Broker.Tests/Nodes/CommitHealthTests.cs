using Holdfast.Broker.Health;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Log.Partitions;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Nodes;

/// <summary>Connected means committing.</summary>
public sealed class CommitHealthTests
{
    [Fact]
    public async Task A_stall_stops_acknowledging_refuses_CONNECT_and_disconnects_everybody_and_passes_by_itself()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        var idle = await broker.ConnectAsync("idle");
        broker.Log.Gate.Close();
        await publisher.PublishAsync("a", "1");
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        var started = broker.Time.GetUtcNow();
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Stalled, "a stall");
        Assert.InRange(broker.Time.GetUtcNow() - started, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8));
        Assert.NotEmpty(broker.Node.Health.Reason);

        Assert.Equal(ReasonCode.ServerUnavailable, await ConnectReasonAsync(broker));
        Assert.Equal(PublishStatus.NotCommitting, await PublishStatusAsync(broker));
        await publisher.AssertNothingCameAsync();
        await idle.AssertNothingCameAsync();

        await broker.AdvanceUntilAsync(() => publisher.Output.Closed.IsCompleted && idle.Output.Closed.IsCompleted, "everybody is disconnected");
        Assert.InRange(broker.Time.GetUtcNow() - started, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20));
        Assert.Equal(ReasonCode.ServerBusy, await publisher.DisconnectedByServerAsync());
        Assert.Equal(ReasonCode.ServerBusy, await idle.DisconnectedByServerAsync());

        broker.Log.Gate.Open();
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Committing, "the end of the stall");
        Assert.Equal(ReasonCode.Success, await ConnectReasonAsync(broker));
    }

    [Fact]
    public async Task A_node_that_nobody_publishes_to_notices_too()
    {
        await using var broker = await TestBroker.StartAsync();
        var idle = await broker.ConnectAsync("idle");
        broker.Log.Gate.Close();
        await broker.AdvanceUntilAsync(() => idle.Output.Closed.IsCompleted, "the idle client is disconnected");
        Assert.Equal(ReasonCode.ServerBusy, await idle.DisconnectedByServerAsync());
    }

    [Fact]
    public async Task A_short_stall_disconnects_nobody_and_the_next_one_is_counted_from_its_own_beginning()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client");
        for (var count = 0; count < 3; count++)
        {
            broker.Log.Gate.Close();
            await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Stalled, "a stall");
            broker.Time.Advance(TimeSpan.FromSeconds(4));
            broker.Log.Gate.Open();
            await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Committing, "the end of the stall");
        }

        await client.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_full_disk_disconnects_publishers_acknowledges_nothing_and_passes_by_itself()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("publisher");
        var idle = await broker.ConnectAsync("idle");
        await idle.SubscribeAsync("a");
        broker.Log.Gate.Close();
        await publisher.PublishAsync("a", "1", QualityOfService.AtLeastOnce);
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        await publisher.PublishAsync("a", "2", QualityOfService.ExactlyOnce, packetId: 2);
        broker.Log.Answer = AppendStatus.Full;
        broker.Log.Gate.Open();
        Assert.Equal(PacketType.Disconnect, (await publisher.NextAsync()).Type);
        await publisher.Output.Closed.Within();
        Assert.Empty(publisher.Output.Waiting());
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Full, "full");
        Assert.Equal(ReasonCode.ServerUnavailable, await ConnectReasonAsync(broker));
        Assert.Equal(PublishStatus.Full, await PublishStatusAsync(broker));

        broker.Log.Answer = AppendStatus.Appended;
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Committing, "room again");
        await publisher.LoseAsync();
        publisher = await broker.ConnectAsync("publisher");
        await publisher.PublishAsync("a", "2", QualityOfService.ExactlyOnce, packetId: 2, duplicate: true);
        await publisher.AckFromServerAsync(PacketType.PubRec, 2);
        await idle.MessageAsync("2");
    }

    [Fact]
    public async Task A_disk_that_stays_full_disconnects_everybody()
    {
        await using var broker = await TestBroker.StartAsync();
        var idle = await broker.ConnectAsync("idle");
        broker.Log.Answer = AppendStatus.Full;
        await broker.AdvanceUntilAsync(() => idle.Output.Closed.IsCompleted, "the idle client is disconnected");
        Assert.Equal(ReasonCode.ServerBusy, await idle.DisconnectedByServerAsync());
    }

    /// <summary>QoS 2 needs the log to deliver. What a full disk refuses of it is delivered when there is room, to a client that stays connected.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task Deliveries_at_QoS_2_go_on_when_there_is_room_again(ushort receiveMaximum)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await subscriber.LoseAsync();
        for (var number = 0; number < 30; number++)
        {
            await broker.PublishAsync("a", $"{number}");
        }

        broker.Log.Gate.Close();
        subscriber = await broker.ConnectAsync("subscriber", with: packet => packet with { ReceiveMaximum = receiveMaximum });
        await broker.Log.Gate.WaitForArrivalAsync().Within();
        broker.Log.Answer = AppendStatus.Full;
        broker.Log.Gate.Open();
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Full, "full");
        broker.Log.Answer = AppendStatus.Appended;
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Committing, "room again");
        for (var number = 0; number < 30; number++)
        {
            var message = await subscriber.Output.TakeAsync(packet => packet.Type == PacketType.Publish, $"message {number}");
            Assert.Equal($"{number}", message.Payload);
            await subscriber.AnswerAsync(message);
        }
    }

    /// <summary>A disk that is full now and then, without the node ever saying so for long: everything arrives once, in order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_disk_that_is_full_now_and_then_loses_and_repeats_nothing_at_QoS_2(int seed)
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { AckDeadline = TimeSpan.FromHours(1) });
        var subscriber = await broker.ConnectAsync("subscriber", with: packet => packet with { ReceiveMaximum = 8 });
        await subscriber.SubscribeAsync("#", QualityOfService.ExactlyOnce);
        for (var number = 0; number < 40; number++)
        {
            await broker.PublishAsync(TestBroker.TopicIn(number % 2), $"{number % 2}:{number / 2}");
        }

        broker.Log.Faults = new Holdfast.Log.TestKit.SeededFaults(seed) { FullRate = 0.4, YieldRate = 0.3 };
        var next = new int[2];
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        for (var left = Limit.Time; next.Sum() < 40; left -= timer.Period)
        {
            Assert.True(left > TimeSpan.Zero, $"Seed {seed}: {next.Sum()} of 40 have come. Waiting: {string.Join(", ", subscriber.Output.Waiting())}");
            while (subscriber.Output.TryTake(static _ => true) is { } packet)
            {
                if (packet.Type == PacketType.Publish)
                {
                    var parts = packet.Payload.Split(':').Select(int.Parse).ToArray();
                    Assert.Equal(next[parts[0]]++, parts[1]);
                    await subscriber.SendAckAsync(PacketType.PubRec, packet.PacketId);
                }
                else
                {
                    Assert.Equal(PacketType.PubRel, packet.Type);
                    await subscriber.SendAckAsync(PacketType.PubComp, packet.PacketId);
                }
            }

            broker.Time.Advance(TimeSpan.FromMilliseconds(500));
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    private static async Task<ReasonCode> ConnectReasonAsync(TestBroker broker)
    {
        var client = broker.Open();
        var reason = (await client.ConnectAsync(new ConnectPacket { Version = ProtocolVersion.Mqtt5, ClientId = "probe", CleanStart = true })).Reason;
        await client.LoseAsync();
        return reason;
    }

    private static async Task<PublishStatus> PublishStatusAsync(TestBroker broker)
        => (await broker.Node.Publisher.PublishAsync(
            new EventToPublish { Product = "default", Topic = "x", Payload = default, Publisher = "test" }, CancellationToken.None)).Status;
}
