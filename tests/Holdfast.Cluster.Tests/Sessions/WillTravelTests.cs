using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>Wills, and sessions whose node is gone: looked after once, whoever looks.</summary>
public sealed class WillTravelTests : IAsyncLifetime
{
    private SessionCluster _cluster = null!;
    private TestNode _a = null!;
    private TestNode _b = null!;
    private TestClient _watcher = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await SessionCluster.StartAsync();
        (_a, _b) = (await _cluster.AddAsync("a"), await _cluster.AddAsync("b"));
        _watcher = await _b.ConnectAsync("watcher");
        await _watcher.SubscribeAsync("will");
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_will_without_delay_is_published_when_the_connection_is_lost()
    {
        var client = await _a.ConnectAsync("c", will: Will(0));
        await client.LoseAsync();

        await _watcher.MessageAsync("gone");
        await RunTimersAsync();
        await _watcher.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_will_with_delay_is_not_sent_when_the_client_is_back_on_another_node_in_time()
    {
        var client = await _a.ConnectAsync("c", will: Will(3600));
        await client.LoseAsync();
        client = await _b.ConnectAsync("c");
        await RunTimersAsync();
        await client.DisconnectAsync();
        await RunTimersAsync();

        await _watcher.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_take_over_by_another_node_sends_a_will_without_delay_and_keeps_one_with_delay_back()
    {
        await _a.ConnectAsync("now", will: Will(0));
        await _a.ConnectAsync("later", will: Will(3600));

        await _b.ConnectAsync("later");
        await _b.ConnectAsync("now");

        await _watcher.MessageAsync("gone");
        await _watcher.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_clean_start_on_another_node_sends_a_will_with_delay()
    {
        await _a.ConnectAsync("c", will: Will(3600));

        await _b.ConnectAsync("c", cleanStart: true);

        await _watcher.MessageAsync("gone");
    }

    [Theory]
    [InlineData(3600U)]
    [InlineData(0U)]
    public async Task The_will_of_a_dead_nodes_session_is_published_once_whoever_does_it(uint expirySeconds)
    {
        var c = await _cluster.AddAsync("c");
        await _a.ConnectAsync("c", expirySeconds, will: Will(0));
        await _a.KillAsync();

        await Task.WhenAll(
            _b.Timers.RunOnceAsync(TestContext.Current.CancellationToken), c.Timers.RunOnceAsync(TestContext.Current.CancellationToken));
        await RunTimersAsync();

        await _watcher.MessageAsync("gone");
        await _watcher.AssertNothingCameAsync();
        Assert.Equal(expirySeconds > 0, await _b.Sessions.Store.TakeAsync("default", "c") is not null);
    }

    [Fact]
    public async Task A_will_that_was_published_by_a_node_that_died_then_is_not_published_again()
    {
        var client = await _a.ConnectAsync("c", will: Will(0));
        var stored = Assert.Single(await _b.Sessions.Store.LoadSessionsOfAsync(_a.Id.ToString(), 10, TestContext.Current.CancellationToken));
        Assert.True(await _a.Sessions.Host.PublishWillAsync(stored));
        await _a.KillAsync();
        await client.PingAsync();

        await RunTimersAsync();

        await _watcher.MessageAsync("gone");
        await _watcher.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_dead_nodes_client_that_is_back_in_time_has_no_will_sent()
    {
        var c = await _cluster.AddAsync("c", willDelay: TimeSpan.FromHours(1));
        await _a.ConnectAsync("c", will: Will(0));
        await _a.KillAsync();
        await c.Timers.RunOnceAsync(TestContext.Current.CancellationToken);

        Assert.True((await c.ConnectAsync("c")).ConnAck.SessionPresent);
        await RunTimersAsync();
        await _watcher.AssertNothingCameAsync();
    }

    [Fact]
    public async Task A_node_that_was_fenced_learns_it_and_its_sessions_go_on_elsewhere()
    {
        var client = await _a.ConnectAsync("c");
        await client.SubscribeAsync("a");
        await _a.Marks.RunOnceAsync();
        Assert.False(_a.Fenced.Task.IsCompleted);
        _a.IsDeaf = true;

        await _b.Orphans.SettleAsync(
            Assert.Single(await _b.Sessions.Store.LoadSessionsOfAsync(_a.Id.ToString(), 10, TestContext.Current.CancellationToken)),
            _a.Id, _b.Sessions.Host, TestContext.Current.CancellationToken);
        var moved = await _b.ConnectAsync("c");
        Assert.True(moved.ConnAck.SessionPresent);

        await _a.Marks.RunOnceAsync();
        await _a.Fenced.Task.Within();
        await client.SendSubscribeAsync("too/late");
        Assert.Equal(Mqtt.ReasonCode.SessionTakenOver, await client.DisconnectedByServerAsync());
        var refused = _a.Open();
        var answer = await refused.ConnectAsync(new ConnectPacket { Version = Mqtt.ProtocolVersion.Mqtt5, ClientId = "other", SessionExpirySeconds = 60, CleanStart = false });
        Assert.Equal(Mqtt.ReasonCode.ServerUnavailable, answer.Reason);
    }

    private static Will Will(uint delaySeconds) => new() { Topic = "will", Payload = "gone"u8.ToArray(), DelaySeconds = delaySeconds, QualityOfService = Mqtt.QualityOfService.AtLeastOnce };

    private async Task RunTimersAsync()
    {
        await _b.Timers.RunOnceAsync(TestContext.Current.CancellationToken);
        await _cluster.CommittedAsync();
    }
}
