using Holdfast.Log.State;
using Holdfast.Testing.Postgres;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>Two or three nodes and one database: who has a session, and what the others may not do to it.</summary>
public sealed class ClusterSessionStoreTests : IAsyncLifetime
{
    private readonly PostgresOptions _options = SharedServer.NewOptions();
    private readonly List<PostgresStateStore> _stores = [];
    private IClusterSessionStore _a = null!;
    private IClusterSessionStore _b = null!;

    public async ValueTask InitializeAsync() => (_a, _b) = (await StartAsync("a"), await StartAsync("b"));

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_session_goes_from_node_to_node_with_everything()
    {
        Assert.Null(await _a.TakeAsync("p", "c"));
        Assert.True(await _a.AddAsync(Session(1) with { Will = new StoredWill([7], 5, 60) { Epoch = 3 } }, 0));
        Assert.True(await _a.SaveSubscriptionsAsync(1, [new StoredSubscription("x/#", 2, 9, [1, 2, 3, 4])], []));

        var held = await _b.TakeAsync("p", "c");
        Assert.Equal((false, "a"), (held!.IsTaken, held.Node));

        var stored = Session(1) with { Cursor = [4, 3, 2, 1], Exchanges = [1, 2], Will = new StoredWill([7], 5, 60) { Epoch = 3 } };
        Assert.True(await _a.ReleaseAsync(stored));
        held = await _b.TakeAsync("p", "c");
        Assert.Equal((true, false), (held!.IsTaken, held.HasExpired));
        Assert.Null(held.Node);
        Assert.Equal(4, held.Session.Epoch);
        Assert.Equal(stored.Cursor, held.Session.Cursor);
        Assert.Equal(stored.Exchanges, held.Session.Exchanges);
        Assert.Equal(3, held.Session.Will!.Epoch);
        Assert.Equal("x/#", Assert.Single(held.Session.Subscriptions).Filter);
    }

    [Fact]
    public async Task Who_lost_a_session_changes_nothing_of_it()
    {
        await _a.AddAsync(Session(1), 0);
        await _a.ReleaseAsync(Session(1) with { Cursor = [1, 1, 1, 1] });
        var held = await _b.TakeAsync("p", "c");

        Assert.False(await _a.SaveAsync(Session(1, epoch: 9)));
        Assert.False(await _a.ReleaseAsync(Session(1, epoch: 9)));
        Assert.False(await _a.SaveSubscriptionsAsync(1, [new StoredSubscription("y", 0, 0, [0, 0, 0, 0])], []));
        Assert.True(await _a.SaveProgressAsync([9, 9, 9, 9], [new SessionProgress(1, [8, 8, 8, 8], [9]) { Epoch = 9 }]));
        await _a.RemoveAsync(1);
        Assert.False(await _a.AddAsync(Session(2), 1));

        Assert.True(await _b.SaveAsync(held!.Session));
        AssertCursor(1, held.Session.Cursor);
        var again = await _b.TakeAsync("p", "c");
        AssertCursor(1, again!.Session.Cursor);
        Assert.Empty(again.Session.Subscriptions);
        Assert.Null(again.Session.Exchanges);
    }

    [Fact]
    public async Task An_older_epoch_of_the_same_node_changes_nothing()
    {
        await _a.AddAsync(Session(1), 0);
        await _a.ReleaseAsync(Session(1) with { Cursor = [1, 1, 1, 1] });
        await _a.TakeAsync("p", "c");

        Assert.False(await _a.SaveAsync(Session(1, epoch: 3)));
        await _a.SaveProgressAsync([5, 5, 5, 5], [new SessionProgress(1, null, null) { Epoch = 3 }]);
        AssertCursor(1, (await _a.TakeAsync("p", "c"))!.Session.Cursor);
    }

    [Fact]
    public async Task Of_two_new_sessions_of_a_client_one_is_added()
    {
        for (var round = 0UL; round < 20; round++)
        {
            var client = $"c{round}";
            var added = await Task.WhenAll(
                _a.AddAsync(Session((round * 2) + 1, client), 0).AsTask(), _b.AddAsync(Session((round * 2) + 2, client), 0).AsTask());

            Assert.Single(added, true);
        }
    }

    [Fact]
    public async Task Of_many_who_take_a_session_at_once_one_has_it()
    {
        await _a.AddAsync(Session(1), 0);
        await _a.ReleaseAsync(Session(1));
        var others = new List<IClusterSessionStore> { _b, await StartAsync("d"), await StartAsync("e") };

        var held = await Task.WhenAll(others.Select(store => store.TakeAsync("p", "c").AsTask()));

        Assert.Single(held, one => one!.IsTaken);
    }

    [Fact]
    public async Task A_fenced_node_takes_nothing_saves_nothing_and_fences_nobody()
    {
        await _a.AddAsync(Session(1), 0);
        await _b.AddAsync(Session(2, "other"), 0);
        Assert.True(await _b.SaveProgressAsync([3, 3, 3, 3], []));

        Assert.True(await _a.FenceAsync("b"));

        Assert.False(await _b.FenceAsync("a"));
        Assert.False(await _b.SaveProgressAsync([9, 9, 9, 9], [new SessionProgress(2, [9, 9, 9, 9], null) { Epoch = 9 }]));
        Assert.False(await _b.AddAsync(Session(3, "third"), 0));
        await _a.ReleaseAsync(Session(1));
        Assert.False((await _b.TakeAsync("p", "c"))!.IsTaken);
        Assert.True(await _a.FenceAsync("b"));
        Assert.False(await _a.FenceAsync("nobody"));
        var node = (await _a.LoadNodesAsync(Logs.Cancellation)).Single(one => one.Id == "b");
        Assert.Equal((true, true), (node.FencedAt is not null, node.HasSessions));
        Assert.Equal([3, 3, 3, 3], node.Mark);
        Assert.Null(Assert.Single(await _a.LoadSessionsOfAsync("b", 10, Logs.Cancellation)).Cursor);
    }

    [Fact]
    public async Task Two_nodes_that_fence_each_other_leave_one()
    {
        for (var round = 0; round < 10; round++)
        {
            var (one, other) = (await StartAsync($"one{round}"), await StartAsync($"other{round}"));

            var fenced = await Task.WhenAll(one.FenceAsync(other.Node).AsTask(), other.FenceAsync(one.Node).AsTask());

            Assert.Single(fenced, true);
            await DisposeLastAsync(2);
        }
    }

    [Fact]
    public async Task A_session_of_a_gone_node_is_settled_once()
    {
        await _b.AddAsync(Session(1) with { Will = new StoredWill([1], 0, null) { Epoch = 3 } }, 0);
        var found = Assert.Single(await _a.LoadSessionsOfAsync("b", 10, Logs.Cancellation));
        var settled = found with { Cursor = [2, 2, 2, 2], Exchanges = [5] };
        Assert.False(await _a.SettleAsync(settled, "b", TimeSpan.Zero), "the node lives");

        await _a.FenceAsync("b");
        Assert.True(await _a.SettleAsync(settled, "b", TimeSpan.FromHours(1)));
        Assert.False(await _a.SettleAsync(settled, "b", TimeSpan.Zero));

        Assert.Empty(await _a.LoadDueWillsAsync(10, Logs.Cancellation));
        var held = await _a.TakeAsync("p", "c");
        Assert.True(held!.IsTaken);
        AssertCursor(2, held.Session.Cursor);
        Assert.Equal([5], held.Session.Exchanges);
    }

    [Fact]
    public async Task Nodes_are_remembered_while_sessions_name_them()
    {
        await _b.AddAsync(Session(1), 0);
        await _a.FenceAsync("b");

        await _a.ForgetNodesAsync(TimeSpan.Zero);
        Assert.Equal(["a", "b"], (await _a.LoadNodesAsync(Logs.Cancellation)).Select(node => node.Id));

        await _a.SettleAsync(Session(1), "b", TimeSpan.Zero);
        await _a.ForgetNodesAsync(TimeSpan.FromDays(1));
        Assert.Equal(2, (await _a.LoadNodesAsync(Logs.Cancellation)).Count);
        await _a.ForgetNodesAsync(TimeSpan.Zero);
        Assert.Equal(["a"], (await _a.LoadNodesAsync(Logs.Cancellation)).Select(node => node.Id));
    }

    [Fact]
    public async Task Wills_are_due_and_sessions_expire_by_the_time_of_sessions()
    {
        var will = new StoredWill([1], 600, null) { Epoch = 3 };
        await _a.AddAsync(Session(1, "soon"), 0);
        await _a.AddAsync(Session(2, "later"), 0);
        await _a.AddAsync(Session(3, "ever"), 0);
        await _a.ReleaseAsync(Session(1, "soon") with { ExpirySeconds = 0, Will = will });
        await _a.ReleaseAsync(Session(2, "later") with { ExpirySeconds = 3600, Will = will });
        await _a.ReleaseAsync(Session(3, "ever") with { ExpirySeconds = uint.MaxValue });

        // Its session ends at once, and the will with it [MQTT-3.1.3-9]; until that is published the row stays.
        Assert.False(await _a.RemoveExpiredAsync(10));
        var due = Assert.Single(await _a.LoadDueWillsAsync(10, Logs.Cancellation));
        Assert.Equal((1UL, 3L), (due.Id, due.Will!.Epoch));
        await _a.ClearWillAsync(due);
        Assert.Empty(await _a.LoadDueWillsAsync(10, Logs.Cancellation));
        Assert.True(await _a.RemoveExpiredAsync(10));
        Assert.False(await _a.RemoveExpiredAsync(10));
        Assert.Null(await _b.TakeAsync("p", "soon"));
        Assert.False((await _b.TakeAsync("p", "later"))!.HasExpired);
        Assert.False((await _b.TakeAsync("p", "ever"))!.HasExpired);
    }

    [Fact]
    public async Task While_nobody_ticks_no_time_passes()
    {
        await _a.AddAsync(Session(1), 0);
        await _a.ReleaseAsync(Session(1) with { ExpirySeconds = 100 });
        await _a.TickAsync();

        // The cluster could not commit for an hour: the clock was last seen then.
        Execute("UPDATE session_clock SET ticked_at = ticked_at - 3600000; UPDATE session SET disconnected_at = disconnected_at - 3600000");
        Assert.False(await _a.RemoveExpiredAsync(10));
        await _a.TickAsync();
        Assert.False(await _a.RemoveExpiredAsync(10));

        // It ran for two minutes since.
        Execute("UPDATE session SET disconnected_at = disconnected_at - 120000");
        Assert.True((await _b.TakeAsync("p", "c"))!.HasExpired);
    }

    [Theory]
    [InlineData("devices/d.1/commands/a(b/c", true)]
    [InlineData("devices/d.1/commands/#", true)]
    [InlineData("devices/+/commands/+/c", true)]
    [InlineData("devices/d.1/commands/a(b/c/#", true)]
    [InlineData("$share/g/devices/+/#", true)]
    [InlineData("#", true)]
    [InlineData("devices/dx1/commands/#", false)]
    [InlineData("devices/d.1/commands/+", false)]
    [InlineData("devices/d.1/commands/a(b/c/d", false)]
    [InlineData("devices/d.1/commands/a(b/c/+", false)]
    [InlineData("devices/d.1/events/#", false)]
    public async Task Whether_a_stored_session_would_get_a_message_is_told(string filter, bool matches)
    {
        await _a.AddAsync(Session(1), 0);
        await _a.SaveSubscriptionsAsync(1, [new StoredSubscription(filter, 1, 0, [0, 0, 0, 0])], []);
        await _a.ReleaseAsync(Session(1));

        Assert.Equal(matches, await _b.HasSubscriberAsync("p", "devices/d.1/commands/a(b/c", TestContext.Current.CancellationToken));
        Assert.False(await _b.HasSubscriberAsync("other", "devices/d.1/commands/a(b/c", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_stored_session_does_not_get_what_it_wants_at_QoS_0()
    {
        await _a.AddAsync(Session(1), 0);
        await _a.SaveSubscriptionsAsync(1, [new StoredSubscription("#", 0, 0, [0, 0, 0, 0])], []);
        await _a.ReleaseAsync(Session(1));

        Assert.False(await _b.HasSubscriberAsync("p", "x", TestContext.Current.CancellationToken));
    }

    private static void AssertCursor(long everywhere, long[]? cursor) => Assert.Equal(Enumerable.Repeat(everywhere, 4), cursor!);

    private static StoredSession Session(ulong id, string client = "c", long epoch = 3)
        => new() { Id = id, Product = "p", ClientId = client, Epoch = epoch, ExpirySeconds = 60 };

    private void Execute(string sql)
    {
        using var connection = new Npgsql.NpgsqlConnection($"{_options.ConnectionString};SearchPath={_options.Schema}");
        connection.Open();
        using var command = new Npgsql.NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private async Task<IClusterSessionStore> StartAsync(string node)
    {
        var store = await PostgresStateStore.OpenAsync(_options with { Owner = node }, Logs.Cancellation);
        _stores.Add(store);
        await store.ClusterSessions.RegisterAsync("here", [0, 0, 0, 0]);
        return store.ClusterSessions;
    }

    private async Task DisposeLastAsync(int count)
    {
        for (; count > 0; count--)
        {
            await _stores[^1].DisposeAsync();
            _stores.RemoveAt(_stores.Count - 1);
        }
    }
}
