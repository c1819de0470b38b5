using System.Security.Cryptography;
using Holdfast.Log.State;
using Holdfast.Log.State.Sqlite;
using Microsoft.Data.Sqlite;

namespace Holdfast.Log.Tests;

public sealed class StateStoreTests : IDisposable
{
    private readonly StateDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_was_saved_survives_a_kill()
    {
        await using var store = SqliteStateStore.Open(_directory.StatePath);
        await store.SaveAsync(Session(1));
        await store.SaveSubscriptionsAsync(1, [new StoredSubscription("x/#", 1, 0, [1, 2])], []);
        await store.AddAsync(new StoredIntegration("p", "hook", "webhook", "#", "{}", DateTimeOffset.UnixEpoch, [3]));
        await store.SaveAsync(new CheckpointChanges { AppliedOffsets = [4], Mark = [5] });

        using var image = _directory.CrashImage();
        await using var copy = SqliteStateStore.Open(image.StatePath);

        var session = Assert.Single(await LoadSessionsAsync(copy));
        Assert.Equal("x/#", Assert.Single(session.Subscriptions).Filter);
        var integrations = await ((IIntegrationStore)copy).LoadAsync(Cancellation);
        Assert.Equal([3], Assert.Single(integrations).Cursor);
        var checkpoint = await ((ICheckpointStore)copy).LoadAsync(Cancellation);
        Assert.Equal([4], checkpoint.AppliedOffsets);
    }

    [Fact]
    public async Task Changes_that_wait_share_one_transaction()
    {
        await using var store = SqliteStateStore.Open(_directory.StatePath);
        using var hold = new ManualResetEventSlim();
        var holding = store.Writer.RunAsync(_ =>
        {
            hold.Wait(Cancellation);
            return true;
        });

        var saves = Enumerable.Range(1, 500).Select(id => store.SaveAsync(Session((ulong)id)).AsTask()).ToList();
        Assert.DoesNotContain(saves, save => save.IsCompleted);
        hold.Set();
        await holding;
        await Task.WhenAll(saves);

        // The one that held the writer may have taken some of them along.
        Assert.InRange(store.Writer.Transactions, 1, 2);
    }

    [Fact]
    public async Task A_change_that_fails_does_not_harm_the_others_of_its_group()
    {
        await using var store = SqliteStateStore.Open(_directory.StatePath);
        using var hold = new ManualResetEventSlim();
        var holding = store.Writer.RunAsync(_ =>
        {
            hold.Wait(Cancellation);
            return true;
        });
        var before = store.SaveAsync(Session(1)).AsTask();
        var sameIdOfAnotherClient = store.SaveAsync(Session(1) with { ClientId = "other" }).AsTask();
        var after = store.SaveAsync(Session(2)).AsTask();
        hold.Set();
        await holding;

        Assert.True(await before);
        await Assert.ThrowsAsync<StateStoreException>(() => sameIdOfAnotherClient);
        Assert.True(await after);
        Assert.Equal([1UL, 2UL], (await LoadSessionsAsync(store)).Select(session => session.Id));
    }

    [Fact]
    public async Task A_full_disk_is_told_to_the_caller_and_the_writer_goes_on()
    {
        await using var store = SqliteStateStore.Open(_directory.StatePath);
        await store.SaveAsync(Session(1));
        await store.Writer.RunAsync(connection => RunOn(connection, "PRAGMA max_page_count = 1"));

        var large = Session(2) with { Will = new StoredWill(new byte[100_000], 0, null) };
        var error = await Assert.ThrowsAsync<StateStoreFullException>(async () => await store.SaveAsync(large));
        Assert.Contains("no room", error.Message, StringComparison.Ordinal);
        Assert.Contains(_directory.StatePath, error.Message, StringComparison.Ordinal);

        await store.Writer.RunAsync(connection => RunOn(connection, "PRAGMA max_page_count = 1000000"));
        Assert.True(await store.SaveAsync(large));
        Assert.Equal(2, (await LoadSessionsAsync(store)).Count);
    }

    [Fact]
    public async Task The_write_ahead_log_stays_bounded_when_commits_come_all_the_time()
    {
        await using var store = SqliteStateStore.Open(_directory.StatePath);
        var random = new Random(1);
        var record = new byte[1024 * 1024];
        var largest = 0L;
        for (var i = 0; i < 160; i++)
        {
            random.NextBytes(record);
            await store.SaveAsync(new CheckpointChanges { AppliedOffsets = [i], Mark = [i], Retained = [new("p", "a", 0, i, record)] });
            largest = Math.Max(largest, new FileInfo(_directory.StatePath + "-wal").Length);
        }

        Assert.InRange(largest, WalCheckpointer.StartBytes, 6 * WalCheckpointer.StartBytes);
        var checkpoint = await ((ICheckpointStore)store).LoadAsync(Cancellation);
        Assert.Equal([159], checkpoint.AppliedOffsets);
    }

    [Fact(Timeout = 30_000)]
    public async Task The_write_ahead_log_is_moved_in_the_background_once_it_is_long()
    {
        await using var store = SqliteStateStore.Open(_directory.StatePath);
        var record = new byte[WalCheckpointer.StartBytes];
        await store.SaveAsync(new CheckpointChanges { AppliedOffsets = [1], Mark = [1], Retained = [new("p", "a", 0, 1, record)] });

        // Small commits go on meanwhile; the log must not become so long that the writer has to help.
        while (new FileInfo(_directory.StatePath).Length < WalCheckpointer.StartBytes)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            Assert.InRange(new FileInfo(_directory.StatePath + "-wal").Length, 0, 3 * WalCheckpointer.StartBytes);
            await store.SaveAsync(Session(1));
        }

        Assert.Single(await LoadSessionsAsync(store));
    }

    [Fact]
    public async Task Closing_leaves_one_file()
    {
        await using (var store = SqliteStateStore.Open(_directory.StatePath))
        {
            await store.SaveAsync(Session(1));
        }

        Assert.Equal([_directory.StatePath], Directory.GetFiles(_directory.Root));
    }

    [Fact]
    public async Task A_closed_store_refuses_changes()
    {
        var store = SqliteStateStore.Open(_directory.StatePath);
        await store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.SaveAsync(Session(1)));
    }

    [Fact]
    public async Task A_newer_schema_is_refused_in_words()
    {
        await SqliteStateStore.Open(_directory.StatePath).DisposeAsync();
        Run("PRAGMA user_version = 99");

        var error = Assert.Throws<StateStoreException>(() => SqliteStateStore.Open(_directory.StatePath));

        Assert.Contains("schema version 99", error.Message, StringComparison.Ordinal);
        Assert.Contains(_directory.StatePath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Something_that_is_no_database_is_refused_by_name()
    {
        await File.WriteAllBytesAsync(_directory.StatePath, RandomNumberGenerator.GetBytes(8_192), Cancellation);

        var error = Assert.Throws<StateStoreCorruptException>(() => SqliteStateStore.Open(_directory.StatePath));

        Assert.Contains(_directory.StatePath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_page_is_told_when_it_is_read()
    {
        await using (var store = SqliteStateStore.Open(_directory.StatePath))
        {
            for (ulong id = 1; id <= 200; id++)
            {
                await store.SaveAsync(Session(id) with { Will = new StoredWill(new byte[1_000], 0, null) });
            }
        }

        using (var file = File.OpenWrite(_directory.StatePath))
        {
            file.Position = 10 * 4_096;
            file.Write(RandomNumberGenerator.GetBytes(40 * 4_096));
        }

        await using var damaged = SqliteStateStore.Open(_directory.StatePath);
        var error = await Assert.ThrowsAsync<StateStoreCorruptException>(async () => await LoadSessionsAsync(damaged));
        Assert.Contains(_directory.StatePath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_cursor_is_told_with_the_name_of_the_file()
    {
        await using var store = SqliteStateStore.Open(_directory.StatePath);
        await store.SaveAsync(Session(1));
        await store.Writer.RunAsync(connection => RunOn(connection, "UPDATE session SET cursor = x'80'"));

        var error = await Assert.ThrowsAsync<StateStoreCorruptException>(async () => await LoadSessionsAsync(store));

        Assert.Contains(_directory.StatePath, error.Message, StringComparison.Ordinal);
    }

    private static StoredSession Session(ulong id) => new() { Id = id, Product = "p", ClientId = $"client {id}", Epoch = 1, ExpirySeconds = 60 };

    private static async Task<List<StoredSession>> LoadSessionsAsync(ISessionStore store) => await store.LoadAsync(Cancellation).ToListAsync(Cancellation);

    private static bool RunOn(StateConnection connection, string sql)
    {
        connection.Script(sql);
        return true;
    }

    private void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_directory.StatePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
