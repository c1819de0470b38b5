using Holdfast.Testing.Postgres;
using Holdfast.Log.State;

namespace Holdfast.Log.Postgres.Tests;

public sealed class PostgresStateStoreTests(SharedServer shared)
{
    [Theory]
    [InlineData((int)Cut.BeforeRequest)]
    [InlineData((int)Cut.BeforeAnswer)]
    public async Task A_change_whose_answer_is_lost_is_made_once_and_answered(int cut)
    {
        using var proxy = new CuttingProxy(shared.Server.Port);
        await using var store = await PostgresStateStore.OpenAsync(SharedServer.NewOptions() with { ConnectionString = proxy.ConnectionString }, Logs.Cancellation);
        await store.SaveAsync(Session(1));

        proxy.CutNext((Cut)cut);
        Assert.True(await store.AddAsync(new StoredIntegration("p", "hook", "webhook", "#", "{}", DateTimeOffset.UnixEpoch, [3])));
        Assert.True(proxy.HasCut);
        Assert.False(await store.AddAsync(new StoredIntegration("p", "hook", "webhook", "#", "{}", DateTimeOffset.UnixEpoch, [4])));
        proxy.CutNext((Cut)cut);
        Assert.True(await store.SaveAsync(Session(2)));
        Assert.True(proxy.HasCut);

        var stored = Assert.Single(await ((IIntegrationStore)store).LoadAsync(Logs.Cancellation));
        Assert.Equal(3, Assert.Single(stored.Cursor));
        var sessions = await ((ISessionStore)store).LoadAsync(Logs.Cancellation).ToListAsync(Logs.Cancellation);
        Assert.Equal([1UL, 2UL], sessions.Select(session => session.Id));
    }

    [Fact]
    public async Task Changes_that_come_at_the_same_time_share_transactions()
    {
        await using var store = await PostgresStateStore.OpenAsync(SharedServer.NewOptions(), Logs.Cancellation);

        await Task.WhenAll(Enumerable.Range(1, 500).Select(id => store.SaveAsync(Session((ulong)id)).AsTask()));

        Assert.InRange(store.Writer.Transactions, 1, 100);
    }

    [Fact]
    public async Task A_change_that_fails_does_not_harm_the_others_of_its_group()
    {
        await using var store = await PostgresStateStore.OpenAsync(SharedServer.NewOptions(), Logs.Cancellation);
        var changes = Enumerable.Range(1, 20).Select(id => store.SaveAsync(Session((ulong)id) with { ClientId = id == 7 ? "no \0 in PostgreSQL" : $"client {id}" }).AsTask()).ToList();

        await Assert.ThrowsAsync<StateStoreException>(() => changes[6]);
        changes.RemoveAt(6);
        Assert.All(await Task.WhenAll(changes), Assert.True);
    }

    private static StoredSession Session(ulong id) => new() { Id = id, Product = "p", ClientId = $"client {id}", Epoch = 1, ExpirySeconds = 60 };
}
