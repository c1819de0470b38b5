using Holdfast.Log.Attempts;

namespace Holdfast.Log.TestKit.Attempts;

/// <summary>What every store of attempts does.</summary>
public abstract class AttemptStoreContract : IAsyncLifetime
{
    private static readonly AttemptSource Hook = new("p", "hook");
    private static readonly AttemptSource Replay = new("p", "replay", "hook");

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected IAttemptStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_bucket_gives_what_was_stored_of_it_and_nothing_else()
    {
        await Store.AppendAsync([Chunk(Hook, 3, 7, 5, 9, "a"), Chunk(Replay, 3, 7, 4095, 4095, "b")], isFlushed: true);
        await Store.AppendAsync([Chunk(Hook, 3, 8, 0, 0, "c"), Chunk(Hook, 4, 7, 0, 0, "d"), Chunk(Hook, 3, 7, 1, 1, "e")], isFlushed: false);

        var found = await Store.ReadAsync(3, 7, null, Cancellation);

        Assert.Equal(
            [(Hook, 5, 9, "a"), (Replay, 4095, 4095, "b"), (Hook, 1, 1, "e")],
            found.Select(chunk => (chunk.Source, chunk.First, chunk.Last, Text(chunk))));
        Assert.All(found, chunk => Assert.Equal((3, 7L), (chunk.Partition, chunk.Bucket)));
        Assert.Empty(await Store.ReadAsync(5, 7, null, Cancellation));
    }

    [Fact]
    public async Task Chunks_that_cannot_hold_an_offset_are_left_out()
    {
        await Store.AppendAsync([Chunk(Hook, 0, 2, 5, 9, "a"), Chunk(Hook, 0, 2, 10, 20, "b")], isFlushed: false);

        Assert.Equal("b", Text(Assert.Single(await Store.ReadAsync(0, 2, (2L << AttemptChunk.BucketBits) + 10, Cancellation))));
        Assert.Empty(await Store.ReadAsync(0, 2, (2L << AttemptChunk.BucketBits) + 21, Cancellation));
    }

    [Fact]
    public async Task Losses_are_found_by_their_time()
    {
        await Store.AppendAsync([Chunk(Hook, 0, 2, 0, 1, "old", lossAt: 100), Chunk(Hook, 1, 3, 0, 1, "new", lossAt: 200), Chunk(Hook, 2, 3, 0, 1, "none")], isFlushed: false);

        Assert.Equal(["new"], (await Store.ReadLossesAsync(101, Cancellation)).Select(Text));
        Assert.Equal(2, (await Store.ReadLossesAsync(0, Cancellation)).Count);
    }

    [Fact]
    public async Task What_was_stored_is_there_after_a_restart()
    {
        await Store.AppendAsync([Chunk(Hook, 0, 2, 5, 9, "a")], isFlushed: true);
        await Store.DisposeAsync();
        await ReplaceAsync();
        await Store.AppendAsync([Chunk(Hook, 0, 2, 5, 9, "b")], isFlushed: true);

        Assert.Equal(["a", "b"], (await Store.ReadAsync(0, 2, null, Cancellation)).Select(Text).Order());
    }

    /// <summary>A chunk whose body is a text.</summary>
    protected static AttemptChunk Chunk(AttemptSource source, int partition, long bucket, int first, int last, string text, long lossAt = 0)
        => new(source, partition, bucket, first, last, lossAt, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>The text of a chunk made here.</summary>
    protected static string Text(AttemptChunk chunk) => System.Text.Encoding.UTF8.GetString(chunk.Body.Span);

    /// <summary>Goes on with a store that is opened anew.</summary>
    protected async ValueTask ReplaceAsync() => Store = await OpenAsync();

    /// <summary>Opens the store: empty the first time, later with what was stored.</summary>
    protected abstract ValueTask<IAttemptStore> OpenAsync();

    /// <summary>Removes everything.</summary>
    protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;
}
