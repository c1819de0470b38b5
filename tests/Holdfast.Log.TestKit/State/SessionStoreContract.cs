using Holdfast.Log.State;

namespace Holdfast.Log.TestKit.State;

/// <summary>What every implementation of <see cref="ISessionStore"/> does.</summary>
public abstract class SessionStoreContract<THarness> : StateStoreContract<THarness>
    where THarness : IStateStoreHarness, new()
{
    [Fact]
    public async Task A_session_comes_back_as_it_was_saved()
    {
        var session = Session(ulong.MaxValue, "pump ⛽", epoch: 7, product: "acme") with
        {
            ExpirySeconds = 3_600,
            DisconnectedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123),
            Will = new StoredWill([1, 2, 3], 60, 120),
            Cursor = [0, 1, 127, 128, 16_384, long.MaxValue, -1],
        };

        Assert.True(await Stores.Sessions.SaveAsync(session));
        await ReopenAsync();

        var loaded = Assert.Single(await LoadSessionsAsync());
        Assert.Equivalent(session, loaded, strict: true);
    }

    [Fact]
    public async Task Saving_again_updates_the_row_and_leaves_subscriptions_and_exchanges()
    {
        await Stores.Sessions.SaveAsync(Session(1, "a") with { Will = new StoredWill([1], 0, null), Cursor = Offsets(1) });
        await Stores.Sessions.SaveSubscriptionsAsync(1, [new StoredSubscription("x/#", 1, 0, Offsets(0))], []);
        await Stores.Checkpoints.SaveAsync(Checkpoint(new SessionProgress(1, Offsets(2), [9])));

        Assert.True(await Stores.Sessions.SaveAsync(Session(1, "a", epoch: 2)));

        var loaded = Assert.Single(await LoadSessionsAsync());
        Assert.Equal(2, loaded.Epoch);
        Assert.Null(loaded.Will);
        Assert.Null(loaded.Cursor);
        Assert.Equal("x/#", Assert.Single(loaded.Subscriptions).Filter);
        Assert.Equal([9], loaded.Exchanges);
    }

    [Fact]
    public async Task An_older_epoch_changes_nothing()
    {
        await Stores.Sessions.SaveAsync(Session(1, "a", epoch: 5) with { ExpirySeconds = 50 });

        Assert.False(await Stores.Sessions.SaveAsync(Session(1, "a", epoch: 4) with { ExpirySeconds = 40 }));
        Assert.False(await Stores.Sessions.SaveAsync(Session(2, "a", epoch: 4)));
        Assert.True(await Stores.Sessions.SaveAsync(Session(1, "a", epoch: 5) with { ExpirySeconds = 51 }));

        var loaded = Assert.Single(await LoadSessionsAsync());
        Assert.Equal((1UL, 51U), (loaded.Id, loaded.ExpirySeconds));
    }

    [Fact]
    public async Task Another_id_of_the_same_client_replaces_the_session_with_all_that_belongs_to_it()
    {
        await Stores.Sessions.SaveAsync(Session(1, "a"));
        await Stores.Sessions.SaveSubscriptionsAsync(1, [new StoredSubscription("x", 1, 0, Offsets(0))], []);
        await Stores.Checkpoints.SaveAsync(Checkpoint(new SessionProgress(1, null, [9])));

        Assert.True(await Stores.Sessions.SaveAsync(Session(2, "a", epoch: 2)));

        var loaded = Assert.Single(await LoadSessionsAsync());
        Assert.Equal(2UL, loaded.Id);
        Assert.Empty(loaded.Subscriptions);
        Assert.Null(loaded.Exchanges);
    }

    [Fact]
    public async Task The_same_client_identifier_in_two_products_is_two_sessions()
    {
        await Stores.Sessions.SaveAsync(Session(1, "a", product: "one"));
        await Stores.Sessions.SaveAsync(Session(2, "a", product: "two"));

        Assert.Equal([1UL, 2UL], (await LoadSessionsAsync()).Select(session => session.Id).Order());
    }

    [Fact]
    public async Task Subscriptions_are_added_replaced_and_removed_by_filter()
    {
        await Stores.Sessions.SaveAsync(Session(1, "a"));
        await Stores.Sessions.SaveAsync(Session(2, "b"));
        await Stores.Sessions.SaveSubscriptionsAsync(1, [new StoredSubscription("x", 1, 7, Offsets(1)), new StoredSubscription("y", 2, 0, Offsets(2))], []);
        await Stores.Sessions.SaveSubscriptionsAsync(2, [new StoredSubscription("x", 0, 0, Offsets(3))], []);

        var changed = new StoredSubscription("x", 2, 268_435_455, Offsets(4));
        await Stores.Sessions.SaveSubscriptionsAsync(1, [changed, new StoredSubscription("z", 0, 0, Offsets(5))], ["y", "never there"]);
        await ReopenAsync();

        var loaded = await LoadSessionsAsync();
        var first = loaded.Single(session => session.Id == 1).Subscriptions.OrderBy(subscription => subscription.Filter).ToList();
        Assert.Equal(["x", "z"], first.Select(subscription => subscription.Filter));
        Assert.Equivalent(changed, first[0], strict: true);
        Assert.Equal(Offsets(3), Assert.Single(loaded.Single(session => session.Id == 2).Subscriptions).Since);
    }

    [Fact]
    public async Task Subscriptions_of_an_unknown_session_are_ignored()
    {
        await Stores.Sessions.SaveSubscriptionsAsync(1, [new StoredSubscription("x", 1, 0, Offsets(1))], []);
        await Stores.Sessions.SaveAsync(Session(1, "a"));

        Assert.Empty(Assert.Single(await LoadSessionsAsync()).Subscriptions);
    }

    [Fact]
    public async Task Removing_a_session_removes_all_that_belongs_to_it_and_nothing_else()
    {
        await Stores.Sessions.SaveAsync(Session(1, "a"));
        await Stores.Sessions.SaveAsync(Session(2, "b"));
        await Stores.Sessions.SaveSubscriptionsAsync(1, [new StoredSubscription("x", 1, 0, Offsets(1))], []);
        await Stores.Sessions.SaveSubscriptionsAsync(2, [new StoredSubscription("y", 1, 0, Offsets(1))], []);

        await Stores.Sessions.RemoveAsync(1);
        await Stores.Sessions.RemoveAsync(77);
        await Stores.Sessions.SaveAsync(Session(1, "c"));
        await ReopenAsync();

        var loaded = await LoadSessionsAsync();
        Assert.Empty(loaded.Single(session => session.Id == 1).Subscriptions);
        Assert.Equal("y", Assert.Single(loaded.Single(session => session.Id == 2).Subscriptions).Filter);
    }

    [Fact]
    public async Task Many_sessions_are_saved_at_once()
    {
        var saves = Enumerable.Range(1, 1_000).Select(id => Stores.Sessions.SaveAsync(Session((ulong)id, $"client {id}")).AsTask());

        Assert.All(await Task.WhenAll(saves), Assert.True);
        await ReopenAsync();

        Assert.Equal(1_000, (await LoadSessionsAsync()).Count);
    }

    private static CheckpointChanges Checkpoint(SessionProgress progress)
        => new() { AppliedOffsets = Offsets(1), Mark = Offsets(1), Sessions = [progress] };
}
