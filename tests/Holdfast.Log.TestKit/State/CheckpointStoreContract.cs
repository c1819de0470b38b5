using Holdfast.Log.Partitions;
using Holdfast.Log.State;

namespace Holdfast.Log.TestKit.State;

/// <summary>What every implementation of <see cref="ICheckpointStore"/> does.</summary>
public abstract class CheckpointStoreContract<THarness> : StateStoreContract<THarness>
    where THarness : IStateStoreHarness, new()
{
    [Fact]
    public async Task A_new_store_stands_at_zero()
    {
        var checkpoint = await Stores.Checkpoints.LoadAsync(Cancellation);

        Assert.Equal(new long[Partitioning.DefaultPartitionCount], checkpoint.AppliedOffsets);
        Assert.Equal(new long[Partitioning.DefaultPartitionCount], checkpoint.Mark);
        Assert.Empty(await LoadRetainedAsync());
        Assert.Empty(await LoadStreamsAsync());
    }

    [Fact]
    public async Task The_last_checkpoint_is_the_one_that_counts()
    {
        await Stores.Checkpoints.SaveAsync(new CheckpointChanges { AppliedOffsets = Offsets(1), Mark = Offsets(2) });
        await Stores.Checkpoints.SaveAsync(new CheckpointChanges { AppliedOffsets = Offsets(30), Mark = Offsets(20) });
        await ReopenAsync();

        var checkpoint = await Stores.Checkpoints.LoadAsync(Cancellation);
        Assert.Equal(Offsets(30), checkpoint.AppliedOffsets);
        Assert.Equal(Offsets(20), checkpoint.Mark);
    }

    [Fact]
    public async Task Retained_messages_are_set_replaced_and_removed()
    {
        await SaveAsync(retained: [Retained("p", "a", 1, [1]), Retained("p", "b", 2, [2]), Retained("q", "a", 3, [3])]);
        await SaveAsync(retained: [Retained("p", "a", 10, [4, 5]), Retained("p", "b", 11, []), Retained("p", "never there", 12, [])]);
        await ReopenAsync();

        var loaded = (await LoadRetainedAsync()).OrderBy(retained => retained.Product).ToList();
        Assert.Equal([("p", "a", 10L), ("q", "a", 3L)], loaded.Select(retained => (retained.Product, retained.Topic, retained.Offset)));
        Assert.Equal([4, 5], loaded[0].Record.ToArray());
        Assert.Equal(3, loaded[0].Partition);
    }

    [Fact]
    public async Task The_record_is_copied_before_the_save_completes()
    {
        var buffer = new byte[] { 0, 1, 2, 0 };
        await SaveAsync(retained: [Retained("p", "a", 1, []) with { Record = buffer.AsMemory(1, 2) }]);
        buffer.AsSpan().Fill(0xFF);

        Assert.Equal([1, 2], Assert.Single(await LoadRetainedAsync()).Record.ToArray());
    }

    [Fact]
    public async Task Streams_are_set_replaced_and_removed_by_partition_and_key()
    {
        await SaveAsync(streams: [new(1, [1, 0], [1], 100), new(2, [1, 0], [2], 200), new(1, [2], [3], 300)]);
        await SaveAsync(streams: [new(1, [1, 0], [7, 8], 400), new(1, [2], [], 0), new(9, [9], [], 0)]);
        await ReopenAsync();

        var loaded = (await LoadStreamsAsync()).OrderBy(stream => stream.Partition).ToList();
        Assert.Equivalent(new StoredStream[] { new(1, [1, 0], [7, 8], 400), new(2, [1, 0], [2], 200) }, loaded, strict: true);
    }

    [Fact]
    public async Task Progress_of_sessions_is_saved_and_an_unknown_session_is_ignored()
    {
        await Stores.Sessions.SaveAsync(Session(1, "a") with { Cursor = Offsets(1) });
        await Stores.Sessions.SaveAsync(Session(2, "b") with { Cursor = Offsets(1) });

        await SaveAsync(sessions: [new SessionProgress(77, Offsets(9), [9]), new SessionProgress(1, Offsets(2), [1, 2]), new SessionProgress(2, null, null)]);
        await ReopenAsync();

        var loaded = (await LoadSessionsAsync()).OrderBy(session => session.Id).ToList();
        Assert.Equal([1UL, 2UL], loaded.Select(session => session.Id));
        Assert.Equal(Offsets(2), loaded[0].Cursor);
        Assert.Equal([1, 2], loaded[0].Exchanges);
        Assert.Null(loaded[1].Cursor);
        Assert.Null(loaded[1].Exchanges);
        Assert.Equal(Offsets(1), (await Stores.Checkpoints.LoadAsync(Cancellation)).AppliedOffsets);
    }

    [Fact]
    public async Task Positions_of_shared_subscriptions_are_set_replaced_and_removed()
    {
        await SaveAsync(shares: [Share("p", "$share/g/#", 1, (3, 7), (0, 1)), Share("p", "$share/h/#", 2), Share("q", "$share/g/#", 3)]);
        await SaveAsync(shares: [Share("p", "$share/g/#", 4, (15, long.MaxValue)), Gone("p", "$share/h/#"), Gone("q", "never there")]);
        await ReopenAsync();

        var loaded = (await Stores.Checkpoints.LoadSharesAsync(Cancellation).ToListAsync(Cancellation)).OrderBy(share => share.Product).ToList();
        Assert.Equal([("p", "$share/g/#"), ("q", "$share/g/#")], loaded.Select(share => (share.Product, share.Filter)));
        Assert.Equal(Offsets(4), loaded[0].Positions);
        Assert.Equal([(15, long.MaxValue)], loaded[0].Unconfirmed);
        Assert.Empty(loaded[1].Unconfirmed);
    }

    [Fact]
    public async Task Reading_ends_when_it_is_cancelled()
    {
        await SaveAsync(retained: [.. Enumerable.Range(0, 5_000).Select(topic => Retained("p", $"{topic}", topic, [1]))]);
        using var cancellation = new CancellationTokenSource();
        await using var rows = Stores.Checkpoints.LoadRetainedAsync(cancellation.Token).GetAsyncEnumerator(Cancellation);
        Assert.True(await rows.MoveNextAsync());

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await rows.MoveNextAsync())
            {
            }
        });
    }

    private static StoredRetained Retained(string product, string topic, long offset, byte[] record) => new(product, topic, 3, offset, record);

    private static StoredShare Share(string product, string filter, long offset, params (int Partition, long Offset)[] unconfirmed)
        => new(product, filter, Offsets(offset), unconfirmed);

    private static StoredShare Gone(string product, string filter) => new(product, filter, [], []);

    private async ValueTask SaveAsync(
        IReadOnlyList<StoredRetained>? retained = null,
        IReadOnlyList<StoredStream>? streams = null,
        IReadOnlyList<SessionProgress>? sessions = null,
        IReadOnlyList<StoredShare>? shares = null)
        => await Stores.Checkpoints.SaveAsync(new CheckpointChanges
        {
            AppliedOffsets = Offsets(1),
            Mark = Offsets(1),
            Retained = retained ?? [],
            Streams = streams ?? [],
            Sessions = sessions ?? [],
            Shares = shares ?? [],
        });

    private async ValueTask<List<StoredRetained>> LoadRetainedAsync() => await Stores.Checkpoints.LoadRetainedAsync(Cancellation).ToListAsync(Cancellation);

    private async ValueTask<List<StoredStream>> LoadStreamsAsync() => await Stores.Checkpoints.LoadStreamsAsync(Cancellation).ToListAsync(Cancellation);
}
