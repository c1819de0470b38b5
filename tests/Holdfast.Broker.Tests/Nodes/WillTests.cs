using Holdfast.Broker.Health;
using System.Text;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class WillTests
{
    [Theory]
    [InlineData(3600)]
    [InlineData(0)]
    public async Task It_is_published_when_the_connection_is_lost(uint expirySeconds)
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await WatchAsync(broker);
        var client = await ConnectAsync(broker, 0, expirySeconds);
        await client.LoseAsync();
        await watcher.MessageAsync("gone");
    }

    [Theory]
    [InlineData(ReasonCode.Success, false)]
    [InlineData(ReasonCode.DisconnectWithWill, true)]
    public async Task DISCONNECT_says_whether_it_is_published(ReasonCode reason, bool isPublished)
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await WatchAsync(broker);
        var client = await ConnectAsync(broker, 0);
        await client.DisconnectAsync(reason);
        if (isPublished)
        {
            await watcher.MessageAsync("gone");
        }

        await broker.PublishAsync("will", "last");
        await watcher.MessageAsync("last");
    }

    [Fact]
    public async Task It_waits_its_delay_and_a_return_cancels_it()
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await WatchAsync(broker);
        var client = await ConnectAsync(broker, 10);
        await client.LoseAsync();
        broker.Time.Advance(TimeSpan.FromSeconds(9));
        client = await ConnectAsync(broker, 10);
        broker.Time.Advance(TimeSpan.FromSeconds(9));
        await broker.PublishAsync("will", "not yet");
        await watcher.MessageAsync("not yet");

        await client.LoseAsync();
        broker.Time.Advance(TimeSpan.FromSeconds(11));
        await watcher.MessageAsync("gone");
    }

    [Fact]
    public async Task It_is_published_at_the_end_of_the_session_if_that_comes_first()
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await WatchAsync(broker);
        var client = await ConnectAsync(broker, delaySeconds: 3600, expirySeconds: 5);
        await client.LoseAsync();
        broker.Time.Advance(TimeSpan.FromSeconds(6));
        await watcher.MessageAsync("gone");
        await broker.PublishAsync("will", "last");
        await watcher.MessageAsync("last");
    }

    [Fact]
    public async Task While_nothing_expires_the_will_of_a_session_waits_with_it()
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await WatchAsync(broker);
        var client = await ConnectAsync(broker, delaySeconds: 3600, expirySeconds: 60);
        await client.LoseAsync();
        broker.Log.Gate.Close();
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Stalled, "a stall");
        broker.Time.Advance(TimeSpan.FromSeconds(61));
        broker.Log.Gate.Open();
        Assert.True((await ConnectAsync(broker, delaySeconds: 3600)).ConnAck.SessionPresent);
        watcher = await broker.ConnectAsync("watcher");
        await broker.PublishAsync("will", "last");
        await watcher.MessageAsync("last");
    }

    [Fact]
    public async Task After_a_restart_it_waits_until_its_client_could_have_come_back()
    {
        await using var broker = await TestBroker.StartAsync();
        await (await WatchAsync(broker)).LoseAsync();
        await ConnectAsync(broker, 0);
        await broker.CrashAsync();
        var watcher = await broker.ConnectAsync("watcher");
        broker.Time.Advance(TimeSpan.FromSeconds(10));
        await broker.PublishAsync("will", "not yet");
        await watcher.MessageAsync("not yet");
        broker.Time.Advance(TimeSpan.FromSeconds(3));
        await watcher.MessageAsync("gone");
    }

    [Fact]
    public async Task After_a_restart_a_client_that_comes_back_cancels_it_also_when_it_had_come_back_before()
    {
        await using var broker = await TestBroker.StartAsync();
        await (await WatchAsync(broker)).LoseAsync();
        await (await ConnectAsync(broker, 0)).DisconnectAsync();
        await ConnectAsync(broker, 0);
        await broker.CrashAsync();
        await ConnectAsync(broker, 0);
        var watcher = await broker.ConnectAsync("watcher");
        broker.Time.Advance(TimeSpan.FromSeconds(30));
        await broker.PublishAsync("will", "last");
        await watcher.MessageAsync("last");
    }

    [Fact]
    public async Task A_will_that_waited_before_a_restart_is_published_after_it()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await ConnectAsync(broker, 20);
        await client.LoseAsync();
        await broker.CrashAsync();
        var watcher = await WatchAsync(broker);
        broker.Time.Advance(TimeSpan.FromSeconds(21));
        await watcher.MessageAsync("gone");
    }

    [Fact]
    public async Task It_is_not_published_again_after_a_restart()
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await WatchAsync(broker);
        var client = await ConnectAsync(broker, 0);
        await client.LoseAsync();
        await watcher.MessageAsync("gone");
        await Limit.UntilAsync(() => broker.Stores.FindSessionAsync("client").Result is { Will: null }, "the store forgets the will");
        await broker.CrashAsync();
        broker.Time.Advance(TimeSpan.FromSeconds(30));
        watcher = await broker.ConnectAsync("watcher");
        await broker.PublishAsync("will", "last");
        Assert.Equal("last", (await watcher.Output.TakeAsync(packet => packet is { Type: PacketType.Publish, Duplicate: false, Payload: not "gone" }, "last")).Payload);
    }

    private static async Task<TestClient> WatchAsync(TestBroker broker)
    {
        var watcher = await broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync("will", QualityOfService.ExactlyOnce);
        return watcher;
    }

    private static Task<TestClient> ConnectAsync(TestBroker broker, uint delaySeconds, uint expirySeconds = 3600)
        => broker.ConnectAsync("client", expirySeconds, with: packet => packet with
        {
            Will = new Will { Topic = "will", Payload = Encoding.UTF8.GetBytes("gone"), QualityOfService = QualityOfService.ExactlyOnce, DelaySeconds = delaySeconds },
        });
}
