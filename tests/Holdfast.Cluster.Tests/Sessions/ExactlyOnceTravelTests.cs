using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>QoS 2 in both directions goes on where it was on the next node, also when the first one died before it wrote anything down.</summary>
public sealed class ExactlyOnceTravelTests : IAsyncLifetime
{
    private SessionCluster _cluster = null!;
    private TestNode _a = null!;
    private TestNode _b = null!;

    public static TheoryData<Move, int, bool> Steps()
    {
        var data = new TheoryData<Move, int, bool>();
        foreach (var move in Enum.GetValues<Move>())
        {
            for (var step = 0; step < 3; step++)
            {
                data.Add(move, step, false);
                data.Add(move, step, true);
            }
        }

        return data;
    }

    public async ValueTask InitializeAsync()
    {
        _cluster = await SessionCluster.StartAsync();
        (_a, _b) = (await _cluster.AddAsync("a"), await _cluster.AddAsync("b"));
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_message_to_a_subscriber_is_completed_once(Move move, int atStep, bool isMarked)
    {
        var publisher = await _b.ConnectAsync("publisher");
        var subscriber = await _a.ConnectAsync("c");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await publisher.PublishAndWaitAsync("a", "1", QualityOfService.ExactlyOnce);
        var message = await subscriber.MessageAsync();
        if (atStep == 0)
        {
            await MoveAsync();
            var again = await subscriber.MessageAsync();
            Assert.Equal(("1", message.PacketId, true), (again.Payload, again.PacketId, again.Duplicate));
        }

        await subscriber.SendAckAsync(PacketType.PubRec, message.PacketId);
        await subscriber.AckFromServerAsync(PacketType.PubRel, message.PacketId);
        if (atStep == 1)
        {
            await MoveAsync();
            Assert.Equal((PacketType.PubRel, message.PacketId), await NextAsync());
        }

        await subscriber.SendAckAsync(PacketType.PubComp, message.PacketId);
        if (atStep == 2)
        {
            await MoveAsync();
        }

        await publisher.PublishAndWaitAsync("a", "2", QualityOfService.ExactlyOnce);
        await subscriber.MessageAsync("2");
        await subscriber.AssertNothingCameAsync();

        async Task MoveAsync() => subscriber = await MoveAfterMarkAsync(subscriber, move, isMarked);

        async Task<(PacketType, ushort)> NextAsync()
        {
            var packet = await subscriber.NextAsync();
            return (packet.Type, packet.PacketId);
        }
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_message_from_a_publisher_is_stored_once(Move move, int atStep, bool isMarked)
    {
        var subscriber = await _b.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a");
        var publisher = await _a.ConnectAsync("c");
        await publisher.PublishAsync("a", "1", QualityOfService.ExactlyOnce, packetId: 7);
        await publisher.AckFromServerAsync(PacketType.PubRec, 7);
        if (atStep == 0)
        {
            publisher = await MoveAfterMarkAsync(publisher, move, isMarked);
            await publisher.PublishAsync("a", "1", QualityOfService.ExactlyOnce, packetId: 7, duplicate: true);
            await publisher.AckFromServerAsync(PacketType.PubRec, 7);
        }

        if (atStep == 1)
        {
            publisher = await MoveAfterMarkAsync(publisher, move, isMarked);
        }

        await publisher.SendAckAsync(PacketType.PubRel, 7);
        var completed = await publisher.AckFromServerAsync(PacketType.PubComp, 7);
        Assert.Equal(ReasonCode.Success, completed.Reason);
        if (atStep == 2)
        {
            publisher = await MoveAfterMarkAsync(publisher, move, isMarked);
        }

        // The identifier is free again: the next message with it is another one.
        await publisher.PublishAsync("a", "2", QualityOfService.ExactlyOnce, packetId: 7);
        await publisher.AckFromServerAsync(PacketType.PubRec, 7);
        await subscriber.MessageAsync("1");
        await subscriber.MessageAsync("2");
        await subscriber.AssertNothingCameAsync();
    }

    [Fact]
    public async Task What_a_dead_node_left_is_not_lost_with_the_node_that_took_it_up()
    {
        var c = await _cluster.AddAsync("c");
        var publisher = await _b.ConnectAsync("publisher");
        var subscriber = await _a.ConnectAsync("c");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await publisher.PublishAndWaitAsync("a", "1", QualityOfService.ExactlyOnce);
        var message = await subscriber.MessageAsync();

        await _a.KillAsync();
        await _b.Orphans.SettleAsync(
            Assert.Single(await _b.Sessions.Store.LoadSessionsOfAsync(_a.Id.ToString(), 10, TestContext.Current.CancellationToken)),
            _a.Id, _b.Sessions.Host, TestContext.Current.CancellationToken);
        await _b.Sessions.Store.TakeAsync("default", "c");
        await _b.KillAsync();
        subscriber = await c.ConnectAsync("c");

        var again = await subscriber.MessageAsync("1");
        Assert.Equal((message.PacketId, true), (again.PacketId, again.Duplicate));
    }

    [Fact]
    public async Task When_a_dead_node_left_too_much_to_keep_the_log_is_read_again()
    {
        var c = await _cluster.AddAsync("c", mostSteps: 1);
        var publisher = await _b.ConnectAsync("publisher");
        var clients = new List<(string Name, TestClient Client, ushort PacketId)>();
        foreach (var name in new[] { "one", "two", "three" })
        {
            var client = await _a.ConnectAsync(name);
            await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
            clients.Add((name, client, 0));
        }

        await publisher.PublishAndWaitAsync("a", "1", QualityOfService.ExactlyOnce);
        foreach (var (_, client, _) in clients)
        {
            await client.MessageAsync();
        }

        await _a.KillAsync();
        foreach (var (name, _, _) in clients)
        {
            var client = await c.ConnectAsync(name);
            Assert.True((await client.MessageAsync("1")).Duplicate);
            await client.AssertNothingCameAsync();
        }
    }

    private async Task<TestClient> MoveAfterMarkAsync(TestClient client, Move move, bool isMarked)
    {
        // A commit behind it shows that what the client sent last has arrived.
        await _cluster.CommittedAsync();
        if (isMarked)
        {
            await _a.Marks.RunOnceAsync();
            await _a.Marks.RunOnceAsync();
        }

        return await client.MoveAsync(move, _a, _b, "c");
    }
}
