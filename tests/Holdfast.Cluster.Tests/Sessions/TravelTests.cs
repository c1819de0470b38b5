using System.Diagnostics;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Cluster.Sessions;
using Holdfast.Mqtt;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>A client goes from node to node, and its session with it, whatever becomes of the first node.</summary>
public sealed class TravelTests : IAsyncLifetime
{
    private SessionCluster _cluster = null!;
    private TestNode _a = null!;
    private TestNode _b = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await SessionCluster.StartAsync();
        (_a, _b) = (await _cluster.AddAsync("a"), await _cluster.AddAsync("b"));
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData(Move.TakeOver)]
    [InlineData(Move.Reconnect)]
    [InlineData(Move.Crash)]
    public async Task What_is_confirmed_does_not_come_again_and_nothing_is_missing(Move move)
    {
        var publisher = await _b.ConnectAsync("publisher");
        var subscriber = await _a.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a/#");
        await publisher.PublishAndWaitAsync("a/x", "1");
        await subscriber.MessageAsync("1");
        await publisher.PublishAndWaitAsync("a/x", "2");
        var unconfirmed = await subscriber.MessageAsync();
        await _a.Marks.RunOnceAsync();
        await _a.Marks.RunOnceAsync();

        subscriber = await subscriber.MoveAsync(move, _a, _b, "subscriber");
        await publisher.PublishAndWaitAsync("a/x", "3");

        var again = await subscriber.MessageAsync("2");
        Assert.Equal("2", unconfirmed.Payload);
        Assert.Equal(QualityOfService.AtLeastOnce, again.QualityOfService);
        await subscriber.MessageAsync("3");
        await subscriber.AssertNothingCameAsync();
    }

    [Theory]
    [InlineData(Move.TakeOver)]
    [InlineData(Move.Reconnect)]
    public async Task A_session_is_stored_to_the_last_confirmation(Move move)
    {
        var publisher = await _b.ConnectAsync("publisher");
        var subscriber = await _a.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a");
        for (var number = 0; number < 50; number++)
        {
            await publisher.PublishAndWaitAsync("a", $"{number}");
            await subscriber.MessageAsync($"{number}");
            if (number % 10 == 9)
            {
                subscriber = await subscriber.MoveAsync(move, _a, _b, "subscriber");
                (_a, _b) = (_b, _a);
            }
        }

        await subscriber.AssertNothingCameAsync();
    }

    [Fact]
    public async Task The_old_connection_is_told_that_its_session_was_taken_over()
    {
        var old = await _a.ConnectAsync("c");

        var client = await _b.ConnectAsync("c");

        Assert.True(client.ConnAck.SessionPresent);
        Assert.Equal(ReasonCode.SessionTakenOver, await old.DisconnectedByServerAsync());
        await old.LoseAsync();
        await client.PingAsync();
    }

    [Fact]
    public async Task A_clean_start_ends_the_session_wherever_it_is()
    {
        var old = await _a.ConnectAsync("c");
        await old.SubscribeAsync("a");

        var client = await _b.ConnectAsync("c", cleanStart: true);
        Assert.False(client.ConnAck.SessionPresent);
        await client.PublishAndWaitAsync("a", "x");
        await client.AssertNothingCameAsync();
        await client.LoseAsync();

        client = await _a.ConnectAsync("c");
        Assert.True(client.ConnAck.SessionPresent);
        await client.AssertNothingCameAsync();
    }

    [Fact]
    public async Task Who_asks_for_a_session_that_was_replaced_harms_the_new_one_as_little_as_who_asks_twice()
    {
        await _a.ConnectAsync("c");
        var replaced = Assert.Single(await _b.Sessions.Store.LoadSessionsOfAsync(_a.Id.ToString(), 10, TestContext.Current.CancellationToken));
        var client = await _a.ConnectAsync("c", cleanStart: true);

        Assert.Equal(ReleaseOutcome.Released, await _a.Sessions.ReleaseAsync("default", "c", replaced.Id));
        await client.PingAsync();
        Assert.Equal(_a.Id.ToString(), (await _b.Sessions.Store.TakeAsync("default", "c"))!.Node);

        var present = Assert.Single(await _b.Sessions.Store.LoadSessionsOfAsync(_a.Id.ToString(), 10, TestContext.Current.CancellationToken));
        Assert.Equal(ReleaseOutcome.Released, await _a.Sessions.ReleaseAsync("default", "c", present.Id));
        Assert.Equal(ReleaseOutcome.Released, await _a.Sessions.ReleaseAsync("default", "c", present.Id));
        Assert.True((await _b.ConnectAsync("c")).ConnAck.SessionPresent);
    }

    [Fact]
    public async Task A_session_that_ends_with_its_connection_is_taken_over_but_not_continued()
    {
        var old = await _a.ConnectAsync("c", expirySeconds: 0);
        await old.SubscribeAsync("a");

        var client = await _b.ConnectAsync("c", expirySeconds: 0);

        Assert.False(client.ConnAck.SessionPresent);
        Assert.Equal(ReasonCode.SessionTakenOver, await old.DisconnectedByServerAsync());
        await client.DisconnectAsync();
        Assert.Null(await _a.Sessions.Store.TakeAsync("default", "c"));
    }

    [Fact]
    public async Task A_node_that_has_not_heard_of_what_its_session_has_seen_sends_it_nothing_twice()
    {
        var publisher = await _a.ConnectAsync("publisher");
        var subscriber = await _a.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a");
        _b.IsDeaf = true;
        await publisher.PublishAndWaitAsync("a", "1");
        await subscriber.MessageAsync("1");

        subscriber = await subscriber.MoveAsync(Move.TakeOver, _a, _b, "subscriber");
        await subscriber.AssertNothingCameAsync();
        _b.IsDeaf = false;
        await publisher.PublishAndWaitAsync("a", "2");

        await subscriber.MessageAsync("2");
        await subscriber.AssertNothingCameAsync();
    }

    [Fact]
    public async Task When_all_connect_at_once_one_has_the_session_and_it_is_whole()
    {
        var c = await _cluster.AddAsync("c");
        var first = await _a.ConnectAsync("storm");
        await first.SubscribeAsync("a");
        TestNode[] nodes = [_a, _b, c];

        var clients = await Task.WhenAll(Enumerable.Range(0, 30).Select(number => Task.Run(() => nodes[number % 3].ConnectOrBeOvertakenAsync("storm"))));

        Assert.All(clients, client => Assert.True(client.ConnAck is null or { SessionPresent: true }));
        await Limit.UntilAsync(() => clients.Count(client => !client.Output.Closed.IsCompleted) == 1, "one is left");
        var publisher = await _b.ConnectAsync("publisher");
        await publisher.PublishAndWaitAsync("a", "1");
        var last = clients.Single(client => !client.Output.Closed.IsCompleted);
        await last.MessageAsync("1");
        await last.AssertNothingCameAsync();
    }

    [Fact]
    public async Task When_all_connect_a_new_client_at_once_one_is_left()
    {
        for (var round = 0; round < 10; round++)
        {
            TestNode[] nodes = [_a, _b];
            var clients = await Task.WhenAll(Enumerable.Range(0, 6).Select(number => Task.Run(() => nodes[number % 2].ConnectOrBeOvertakenAsync($"new{round}"))));
            await Limit.UntilAsync(() => clients.Count(client => !client.Output.Closed.IsCompleted) == 1, "one is left");
        }
    }

    [Fact]
    public async Task A_node_that_drains_leaves_all_sessions_behind()
    {
        for (var number = 0; number < 20; number++)
        {
            await (await _a.ConnectAsync($"c{number}")).SubscribeAsync("a");
        }

        await _a.DrainAsync();

        Assert.Empty(await _b.Sessions.Store.LoadSessionsOfAsync(_a.Id.ToString(), 100, TestContext.Current.CancellationToken));
        Assert.True((await _b.ConnectAsync("c7")).ConnAck.SessionPresent);
        Assert.Equal(0, _cluster.Releases);
    }

    [Fact]
    public async Task A_take_over_takes_less_than_a_tenth_of_a_second()
    {
        var publisher = await _b.ConnectAsync("publisher");
        var client = await _a.ConnectAsync("c");
        await client.SubscribeAsync("a");
        var times = new List<double>();
        for (var round = 0; round < 40; round++)
        {
            await publisher.PublishAndWaitAsync("a", $"{round}");
            await client.MessageAsync($"{round}");
            var begin = Stopwatch.GetTimestamp();
            client = await client.MoveAsync(Move.TakeOver, _a, _b, "c");
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            (_a, _b) = (_b, _a);
        }

        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine($"take-over: median {times[20]:F1} ms, longest {times[^1]:F1} ms");
        Assert.InRange(times[20], 0, 100);
    }
}
