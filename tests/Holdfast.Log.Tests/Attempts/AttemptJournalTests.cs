using Holdfast.Log.Attempts;

namespace Holdfast.Log.Tests.Attempts;

public sealed class AttemptJournalTests
{
    private static readonly AttemptSource Hook = new("p", "hook");
    private static readonly Attempt Delivered = new(AttemptKind.Delivered, 1, 1, 200, "");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_journal_that_falls_behind_says_so_and_drops_nothing()
    {
        var store = new SlowStore();
        await using var journal = new AttemptJournal(store, new AttemptJournalOptions { MaximumWaiting = 3, Interval = TimeSpan.FromMilliseconds(1) });
        journal.Note(Hook, Delivered, [0]);
        await store.Called.WaitAsync(Cancellation);
        journal.Note(Hook, Delivered, [1, 2]);
        Assert.True(journal.HasRoom);
        journal.Note(Hook, Delivered, [3]);
        Assert.False(journal.HasRoom);
        var room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        journal.WhenRoom(room.SetResult);
        Assert.False(room.Task.IsCompleted);

        store.Go.Release(100);
        await room.Task.WaitAsync(Cancellation);
        await journal.WriteAsync().WaitAsync(Cancellation);

        Assert.True(journal.HasRoom);
        Assert.Equal(4, store.Stored);
    }

    [Fact]
    public async Task A_flush_ends_after_all_that_was_noted_before_it_is_on_disk()
    {
        var store = new SlowStore();
        await using var journal = new AttemptJournal(store, new AttemptJournalOptions { Interval = TimeSpan.FromMilliseconds(1) });
        journal.Note(Hook, Delivered, [0]);
        var flushed = journal.FlushAsync();
        Assert.False(flushed.IsCompleted);
        store.Go.Release(100);
        await flushed.WaitAsync(Cancellation);
        Assert.True(store.WasFlushed);
        Assert.Equal(1, store.Stored);
    }

    [Fact]
    public async Task A_store_that_fails_is_tried_again()
    {
        var store = new SlowStore { Failures = 2 };
        store.Go.Release(100);
        await using var journal = new AttemptJournal(store, new AttemptJournalOptions { Interval = TimeSpan.FromMilliseconds(1), RetryDelay = TimeSpan.FromMilliseconds(1) });
        journal.Note(Hook, Delivered, [0]);
        await journal.FlushAsync().WaitAsync(Cancellation);
        Assert.Equal((1, 0), (store.Stored, store.Failures));
    }

    [Fact]
    public async Task The_end_stores_what_waits()
    {
        var store = new SlowStore();
        store.Go.Release(100);
        var journal = new AttemptJournal(store, new AttemptJournalOptions { Interval = TimeSpan.FromHours(1) });
        journal.Note(Hook, Delivered, [0]);
        await journal.DisposeAsync();
        Assert.Equal(1, store.Stored);
    }

    /// <summary>A store that stores when a test lets it.</summary>
    private sealed class SlowStore : IAttemptStore
    {
        public SemaphoreSlim Go { get; } = new(0);

        public SemaphoreSlim Called { get; } = new(0);

        public int Failures { get; set; }

        public int Stored { get; private set; }

        public bool WasFlushed { get; private set; }

        public async ValueTask AppendAsync(IReadOnlyList<AttemptChunk> chunks, bool isFlushed)
        {
            Called.Release();
            await Go.WaitAsync(Cancellation);
            if (Failures > 0)
            {
                Failures--;
                throw new IOException("no");
            }

            foreach (var chunk in chunks)
            {
                AttemptChunkReader.Read(chunk, (in Attempt _, long from, long to) => Stored += (int)(to - from));
            }

            WasFlushed |= isFlushed;
        }

        public ValueTask<IReadOnlyList<AttemptChunk>> ReadAsync(int partition, long bucket, long? offset, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<AttemptChunk>> ReadLossesAsync(long sinceMilliseconds, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask RetainAsync(ReadOnlyMemory<long> firstOffsets, long lossesSinceMilliseconds, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync()
        {
            Go.Dispose();
            Called.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
