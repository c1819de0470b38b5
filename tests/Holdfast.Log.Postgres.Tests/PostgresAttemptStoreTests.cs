using Holdfast.Log.Attempts;
using Holdfast.Log.Partitions;
using Holdfast.Log.TestKit.Attempts;
using Holdfast.Testing.Postgres;

namespace Holdfast.Log.Postgres.Tests;

public sealed class PostgresAttemptStoreTests : AttemptStoreContract
{
    private static readonly AttemptSource Hook = new("p", "hook");
    private readonly PostgresOptions _options = SharedServer.NewOptions() with { PartitionCount = Partitioning.DefaultPartitionCount };
    private PostgresStateStore? _state;

    [Fact]
    public async Task Retention_removes_what_the_log_no_longer_keeps_but_not_a_recent_loss()
    {
        await Store.AppendAsync([Chunk(Hook, 0, 2, 0, 1, "old"), Chunk(Hook, 0, 2, 2, 3, "lost", lossAt: 500), Chunk(Hook, 0, 3, 0, 1, "kept")], isFlushed: true);
        long[] first = [3L << AttemptChunk.BucketBits, 0];

        await Store.RetainAsync(first, 500, Cancellation);
        Assert.Equal(["lost"], (await Store.ReadAsync(0, 2, null, Cancellation)).Select(Text));
        Assert.Single(await Store.ReadAsync(0, 3, null, Cancellation));

        await Store.RetainAsync(first, 501, Cancellation);
        Assert.Empty(await Store.ReadAsync(0, 2, null, Cancellation));
    }

    protected override async ValueTask<IAttemptStore> OpenAsync()
    {
        await CloseAsync();
        _state = await PostgresStateStore.OpenAsync(_options, Cancellation);
        return _state.Attempts;
    }

    protected override async ValueTask CloseAsync()
    {
        if (_state is not null)
        {
            await _state.DisposeAsync();
        }
    }
}
