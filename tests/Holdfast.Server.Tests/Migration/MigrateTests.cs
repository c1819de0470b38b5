using Holdfast.Log.Attempts;
using Holdfast.Log.Attempts.Files;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres;
using Holdfast.Log.Segments;
using Holdfast.Log.State;
using Holdfast.Log.TestKit;
using Holdfast.Server.CommandLine;
using Holdfast.Server.Migration;
using Holdfast.Server.Serving;
using Holdfast.Testing;
using Holdfast.Testing.Postgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Server.Tests.Migration;

public sealed class MigrateTests : IDisposable
{
    private const int Partition = 3;
    private const int Batches = 20;
    private const int RecordsEach = 10;
    private const ulong SessionId = 5;

    private readonly TemporaryDirectory _directory = new();
    private readonly PostgresOptions _options = SharedServer.NewOptions() with { PartitionCount = Partitioning.DefaultPartitionCount };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Every_record_keeps_its_place_and_every_session_its_cursor()
    {
        var incarnation = await FillAsync();

        var moved = await MigrateAsync();

        Assert.Equal((1, 1, 1, 0L), (moved.Sessions, moved.Retained, moved.Integrations, moved.UnreadableRecords));
        await using var log = await OpenAsync();
        Assert.Equal(incarnation, log.Incarnation);
        using var read = await log.ReadAsync(Partition, 0, null, int.MaxValue, Cancellation);
        Assert.Equal(Batches * RecordsEach, read.NextOffset);
        Assert.All(read.Batches, TestBatches.AssertContent);

        await using var state = await PostgresStateStore.OpenAsync(_options, Cancellation);
        var session = Assert.Single(await ((ISessionStore)state).LoadAsync(Cancellation).ToListAsync(Cancellation));
        Assert.Equal(("default", "dash", 7), (session.Product, session.ClientId, session.Cursor![Partition]));
        Assert.Equal("devices/#", Assert.Single(session.Subscriptions).Filter);
        Assert.Equal("state/x", Assert.Single(await state.LoadRetainedAsync(Cancellation).ToListAsync(Cancellation)).Topic);
        var integration = Assert.Single(await ((IIntegrationStore)state).LoadAsync(Cancellation));
        Assert.Equal(11, integration.Cursor[Partition]);
    }

    [Fact]
    public async Task Attempts_are_known_in_the_cluster_once_however_often_it_was_broken_off()
    {
        await FillAsync();
        var delivered = new Attempt(AttemptKind.Delivered, 1_000, 20, 204, "");
        await using (var files = await AttemptFileStore.OpenAsync(_directory.Below(AttemptFileStore.DirectoryName), Partitioning.DefaultPartitionCount, NullLogger.Instance))
        await using (var journal = new AttemptJournal(files, new AttemptJournalOptions()))
        {
            journal.Note(new AttemptSource("default", "hook", ""), delivered, [AttemptJournal.PlaceOf(Partition, 3), AttemptJournal.PlaceOf(Partition, 5)]);
            await journal.FlushAsync();
        }

        var moved = await MigrateAsync();
        Assert.Equal(2, moved.Attempts);
        File.Delete(_directory.Below("moved"));
        await MigrateAsync();

        await using var state = await PostgresStateStore.OpenAsync(_options, Cancellation);
        var chunk = Assert.Single(await state.Attempts.ReadAsync(Partition, 0, null, Cancellation));
        var found = new List<(long, long)>();
        AttemptChunkReader.Read(chunk, (in Attempt attempt, long from, long to) =>
        {
            Assert.Equal(delivered, attempt);
            found.Add((from, to));
        });
        Assert.Equal(("default", "hook"), (chunk.Source.Product, chunk.Source.Name));
        Assert.Equal([(3, 4), (5, 6)], found);
    }

    [Fact]
    public async Task Broken_off_it_goes_on_where_the_database_says_it_was()
    {
        var incarnation = await FillAsync();
        await using (var begun = await MigrationTarget.OpenAsync(_options, Cancellation))
        {
            await begun.BeginAsync(new Incarnations(incarnation, []), new long[Partitioning.DefaultPartitionCount], Cancellation);
        }

        await using (var log = await OpenAsync())
        {
            var batch = TestBatches.Make(Partition, 0, RecordsEach);
            Assert.Equal(AppendStatus.Appended, await log.AppendAsync(new[] { batch }));
        }

        var moved = await MigrateAsync();

        // A start and a stop of the source add nothing that must be moved, whatever they append.
        Assert.True(moved.Records >= (Batches - 1) * RecordsEach, $"{moved.Records} records were moved");
        await using var after = await OpenAsync();
        using var read = await after.ReadAsync(Partition, 0, null, int.MaxValue, Cancellation);
        Assert.Equal(Batches * RecordsEach, read.NextOffset);
        Assert.All(read.Batches, TestBatches.AssertContent);
    }

    [Fact]
    public async Task What_was_moved_is_neither_served_nor_moved_again()
    {
        await FillAsync();
        await MigrateAsync();

        var again = await Assert.ThrowsAsync<StoreUnusableException>(MigrateAsync);
        Assert.Contains("was moved", again.Message, StringComparison.Ordinal);
        var serve = await Assert.ThrowsAsync<StoreUnusableException>(
            () => NodeStores.OpenFilesAsync(new ServeOptions { Data = _directory.Path }, NullLogger.Instance, Cancellation));
        Assert.Contains("--cluster", serve.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_is_in_use_is_no_target()
    {
        await FillAsync();
        await using (var used = await OpenAsync())
        {
            Assert.Equal(AppendStatus.Appended, await used.AppendAsync(new[] { TestBatches.Make(0, 0) }));
        }

        var refusal = await Assert.ThrowsAsync<StoreUnusableException>(MigrateAsync);
        Assert.Contains("in use", refusal.Message, StringComparison.Ordinal);
    }

    private Task<MigrateResult> MigrateAsync() => new MigrateRun(_directory.Path, _options, static _ => { }, NullLogger.Instance).RunAsync(Cancellation);

    private async Task<PostgresPartitionLog> OpenAsync()
    {
        var log = await PostgresPartitionLog.OpenAsync(_options with { Owner = Guid.NewGuid().ToString("N") }, Cancellation);
        foreach (var head in await log.ReadHeadsAsync(Cancellation))
        {
            await log.ClaimAsync(head.Partition, log.Owner, head.Epoch, Cancellation);
        }

        return log;
    }

    /// <returns>The source's incarnation.</returns>
    private async Task<string> FillAsync()
    {
        await using var log = await SegmentLog.OpenAsync(new SegmentLogOptions { Directory = _directory.Path }, Cancellation);
        for (var batch = 0; batch < Batches; batch++)
        {
            Assert.Equal(AppendStatus.Appended, await log.AppendAsync(new[] { TestBatches.Make(Partition, batch * RecordsEach, RecordsEach) }));
        }

        await using var state = SqliteStateStore.Open(_directory.Below("state.db"));
        await state.SaveAsync(new StoredSession
        {
            Id = SessionId,
            Product = "default",
            ClientId = "dash",
            Epoch = 2,
            ExpirySeconds = uint.MaxValue,
            DisconnectedAt = DateTimeOffset.UtcNow,
            Cursor = At(7),
        });
        await state.SaveSubscriptionsAsync(SessionId, [new StoredSubscription("devices/#", 1, 0, At(0))], []);
        await state.AddAsync(new StoredIntegration("default", "hook", "webhook", "#", """{"url":"https://example.org/"}""", DateTimeOffset.UtcNow, At(11)));
        using var first = await log.ReadAsync(Partition, 0, null, 1, Cancellation);
        await state.SaveAsync(new CheckpointChanges
        {
            AppliedOffsets = At(Batches * RecordsEach),
            Mark = At(Batches * RecordsEach),
            Retained = [new StoredRetained("default", "state/x", Partition, 0, FirstRecord(first))],
        });
        return log.Incarnation;
    }

    private static long[] At(long offset)
    {
        var offsets = new long[Partitioning.DefaultPartitionCount];
        offsets[Partition] = offset;
        return offsets;
    }

    private static byte[] FirstRecord(LogRead read)
    {
        foreach (var view in read.Batches[0])
        {
            return view.Bytes.ToArray();
        }

        return [];
    }
}
