using Holdfast.Log.State;
using Holdfast.Testing.Postgres;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>Two nodes and the rows of one shared subscription: who may change them, when they begin and end.</summary>
public sealed class ClusterShareStoreTests : IAsyncLifetime
{
    private const string Filter = "$share/g/a/#";
    private static readonly long[] Since = [5, 6, 7, 8];

    private readonly PostgresOptions _options = SharedServer.NewOptions();
    private readonly List<PostgresStateStore> _stores = [];
    private PostgresStateStore _a = null!;
    private PostgresStateStore _b = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (_a, _b) = (await StartAsync("a"), await StartAsync("b"));

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_first_subscription_makes_the_rows_and_others_leave_them()
    {
        await SubscribeAsync(_a, 1, Since);
        await SubscribeAsync(_b, 2, [90, 90, 90, 90]);
        var rows = await _b.ClusterShares.LoadAsync("p", Filter, Cancellation);
        Assert.Equal(Since, rows.Select(row => row.Position));
        Assert.All(rows, row => Assert.Null(row.Keeper));
    }

    [Fact]
    public async Task Only_the_keeper_changes_a_row()
    {
        await SubscribeAsync(_a, 1, Since);
        Assert.Equal([1, 2], (await _a.ClusterShares.TakeAsync("p", Filter, Since, [1, 2])).Select(row => row.Partition));
        Assert.Equal([3], (await _b.ClusterShares.TakeAsync("p", Filter, Since, [2, 3])).Select(row => row.Partition));

        await _b.ClusterSessions.SaveProgressAsync(Since, [], [Row(2, 99)]);
        await _b.ClusterShares.ReleaseAsync([Row(2, 99)]);
        Assert.Equal((7L, "a"), await FindAsync(2));

        await _a.ClusterSessions.SaveProgressAsync(Since, [], [Row(2, 20)]);
        Assert.Equal((20L, "a"), await FindAsync(2));
        await _a.ClusterShares.ReleaseAsync([Row(2, 21) with { Unconfirmed = [19], HandedOut = [22] }]);
        var taken = Assert.Single(await _b.ClusterShares.TakeAsync("p", Filter, Since, [2]));
        Assert.True(taken.IsSameAs(Row(2, 21) with { Unconfirmed = [19], HandedOut = [22] }), taken.ToString());
    }

    [Fact]
    public async Task Of_a_fenced_node_the_rows_are_settled_and_it_gets_no_others()
    {
        await SubscribeAsync(_a, 1, Since);
        await _a.ClusterShares.TakeAsync("p", Filter, Since, [0, 1]);
        await _b.ClusterShares.SettleAsync(Row(0, 1), "a");
        Assert.Equal((5L, "a"), await FindAsync(0));

        Assert.True(await _b.ClusterSessions.FenceAsync("a"));
        Assert.True((await _b.ClusterSessions.LoadNodesAsync(Cancellation)).Single(node => node.Id == "a").HasShares, "it has rows");
        await _b.ClusterSessions.ForgetNodesAsync(TimeSpan.Zero);
        Assert.False(await _a.ClusterSessions.SaveProgressAsync(Since, [], [Row(0, 50)]));
        await _b.ClusterShares.SettleAsync(Row(0, 30), "a");
        Assert.Equal((30L, (string?)null), await FindAsync(0));
        Assert.Equal([1], (await _b.ClusterShares.LoadOfAsync("a", 9, Cancellation)).Select(row => row.Partition));
        Assert.Empty(await _a.ClusterShares.TakeAsync("p", Filter, Since, [3]));
    }

    [Fact]
    public async Task A_share_that_nobody_subscribes_to_is_removed_and_begins_anew()
    {
        await SubscribeAsync(_a, 1, Since);
        await _a.ClusterShares.RemoveEndedAsync();
        Assert.Equal(4, (await _a.ClusterShares.LoadAsync("p", Filter, Cancellation)).Count);

        await _a.ClusterSessions.SaveSubscriptionsAsync(1, [], [Filter]);
        await SubscribeAsync(_b, 2, [9, 9, 9, 9]);
        Assert.Equal((9L, (string?)null), await FindAsync(0));

        await _b.ClusterSessions.SaveSubscriptionsAsync(2, [], [Filter]);
        await _a.ClusterShares.RemoveEndedAsync();
        Assert.Empty(await _a.ClusterShares.LoadAsync("p", Filter, Cancellation));
    }

    private static StoredSharePartition Row(int partition, long position) => new("p", Filter, partition, position, [], []);

    private static async Task SubscribeAsync(PostgresStateStore node, ulong session, long[] since)
    {
        Assert.True(await node.ClusterSessions.AddAsync(new StoredSession { Id = session, Product = "p", ClientId = $"c{session}", Epoch = 1, ExpirySeconds = 0 }, 0));
        Assert.True(await node.ClusterSessions.SaveSubscriptionsAsync(session, [new StoredSubscription(Filter, 1, 0, since)], []));
    }

    private async Task<(long Position, string? Keeper)> FindAsync(int partition)
    {
        var row = (await _a.ClusterShares.LoadAsync("p", Filter, Cancellation)).Single(row => row.Partition == partition);
        return (row.Position, row.Keeper);
    }

    private async Task<PostgresStateStore> StartAsync(string node)
    {
        var store = await PostgresStateStore.OpenAsync(_options with { Owner = node }, Cancellation);
        _stores.Add(store);
        await store.ClusterSessions.RegisterAsync("here", [0, 0, 0, 0]);
        return store;
    }
}
