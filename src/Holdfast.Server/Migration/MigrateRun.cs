using Holdfast.Broker;
using Holdfast.Log.Attempts.Files;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres;
using Holdfast.Log.Segments;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Migration;

/// <summary>
/// Moves the store of a single machine into a cluster's database: partitions and offsets verbatim, sessions with their exact cursors, retained messages, deduplication
/// streams, integrations and the journal of their attempts. Broken off at any point it is started again and goes on where the database says it was.
/// </summary>
internal sealed class MigrateRun(string directory, PostgresOptions target, Action<string> tell, ILogger logger)
{
    private const int ReadBytes = 1024 * 1024;

    /// <summary>The name under which it claims partitions; no node has such a one, so nodes take them over at once.</summary>
    private const string Owner = "migrate";

    /// <summary>Moves everything.</summary>
    /// <param name="cancellationToken">Breaks off; what was moved stays.</param>
    /// <returns>What was moved.</returns>
    public async Task<MigrateResult> RunAsync(CancellationToken cancellationToken)
    {
        // Nodes may serve it by now.
        MovedStore.Refuse(directory);
        var options = target with { Owner = $"{Owner}-{Guid.NewGuid():N}", Logger = logger };
        await using var source = await SegmentLog.OpenAsync(new SegmentLogOptions { Directory = directory, Logger = logger }, cancellationToken);
        await using var state = SqliteStateStore.Open(Path.Combine(directory, "state.db"), source.PartitionCount, logger);
        await SettleAsync(source, state, cancellationToken);

        var first = Enumerable.Range(0, source.PartitionCount).Select(source.FirstOffset).ToArray();
        await using var migration = await MigrationTarget.OpenAsync(options, cancellationToken);
        await migration.BeginAsync(source.Incarnations, first, cancellationToken);
        await using var log = await PostgresPartitionLog.OpenAsync(options, cancellationToken);
        await using var store = await PostgresStateStore.OpenAsync(options, cancellationToken);
        foreach (var head in await log.ReadHeadsAsync(cancellationToken))
        {
            await log.ClaimAsync(head.Partition, options.Owner, head.Epoch, cancellationToken);
        }

        var (records, unreadable) = await CopyLogAsync(source, log, migration, options.Owner, cancellationToken);
        tell($"{records} records are there");
        var attempts = await CopyAttemptsAsync(source, store, cancellationToken);
        var result = await new StateCopy(state, store, log).RunAsync(cancellationToken) with { Records = records, UnreadableRecords = unreadable, Attempts = attempts };
        MovedStore.Mark(directory, target.Schema);
        return result;
    }

    private async Task<long> CopyAttemptsAsync(SegmentLog source, PostgresStateStore store, CancellationToken cancellationToken)
    {
        var journal = Path.Combine(directory, AttemptFileStore.DirectoryName);
        if (!Directory.Exists(journal))
        {
            return 0;
        }

        await using var attempts = await AttemptFileStore.OpenAsync(journal, source.PartitionCount, logger);
        return await new AttemptCopy(attempts, store.MovedAttempts, source).RunAsync(cancellationToken);
    }

    /// <summary>Folds in what a crash may have left behind the last checkpoint, and writes exact cursors: as a start and an orderly stop without clients.</summary>
    private async Task SettleAsync(SegmentLog source, SqliteStateStore state, CancellationToken cancellationToken)
    {
        using var metrics = new BrokerMetrics();
        var stores = new BrokerStores(source, state, state, new RetentionPolicy(TimeSpan.MaxValue, null), Identities: state);
        await using var broker = await BrokerNode.StartAsync(
            new BrokerOptions(), stores, metrics, TimeProvider.System, logger, exception => tell(exception.Message), cancellationToken);
        await broker.DrainAsync(() => Task.CompletedTask);
    }

    private async Task<(long Records, long Unreadable)> CopyLogAsync(
        SegmentLog source, PostgresPartitionLog log, MigrationTarget migration, string owner, CancellationToken cancellationToken)
    {
        long records = 0;
        long unreadable = 0;
        for (var partition = 0; partition < source.PartitionCount; partition++)
        {
            while (log.CommittedOffset(partition) is var from && from < source.CommittedOffset(partition))
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var read = await source.ReadAsync(partition, from, null, ReadBytes, cancellationToken);
                if (read.Gap is { } gap)
                {
                    unreadable += gap.ToOffset - gap.FromOffset;
                    tell($"partition {partition}: {gap.ToOffset - gap.FromOffset} records cannot be read ({gap.Reason}); the rest follows");
                    await migration.SkipAsync(partition, gap.ToOffset, cancellationToken);
                    await log.ClaimAsync(partition, owner, log.Epoch(partition), cancellationToken);
                }

                foreach (var batch in read.Batches)
                {
                    records += batch.Count;
                    await AppendAsync(log, batch);
                }
            }
        }

        return (records, unreadable);
    }

    private static async Task AppendAsync(PostgresPartitionLog log, RecordBatch batch)
    {
        if (await log.AppendAsync(new[] { batch }) != AppendStatus.Appended)
        {
            throw new StoreUnusableException($"Partition {batch.Partition} was claimed by a node. Stop all nodes of the target until the store has been moved.");
        }
    }
}

/// <summary>What was moved.</summary>
internal sealed record MigrateResult
{
    public long Records { get; init; }

    public long UnreadableRecords { get; init; }

    public int Sessions { get; init; }

    public int Retained { get; init; }

    public int Integrations { get; init; }

    /// <summary>Attempts of integrations to deliver; each event of a batch counts.</summary>
    public long Attempts { get; init; }

    /// <summary>Shared subscriptions of the sessions.</summary>
    public int SharedSubscriptions { get; init; }
}
