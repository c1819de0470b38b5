using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Holdfast.Log.Attempts;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.Postgres.Schema;
using Holdfast.Log.Postgres.State;
using Holdfast.Log.Segments;
using Holdfast.Log.State;
using Npgsql;

namespace Holdfast.Log.Postgres;

/// <summary>
/// Sessions, checkpoints, integrations and identities of a cluster, beside its log. Changes that come at the same time share a transaction. While the database is away a
/// change waits, up to <see cref="PostgresOptions.StateRetryTime"/>; then it is a <see cref="StateStoreException"/>, and a full disk is a <see cref="StateStoreFullException"/>.
/// </summary>
public sealed class PostgresStateStore : ISessionStore, ICheckpointStore, IIntegrationStore, IIdentityStore, IAsyncDisposable
{
    private const int RowsPerChunk = 256;
    private const int ChunksAhead = 8;

    private readonly PostgresOptions _options;
    private readonly PrimaryDatabase _database;
    private readonly PooledWork _work;

    private PostgresStateStore(PostgresOptions options, PrimaryDatabase database)
    {
        _options = options;
        _database = database;
        _work = new PooledWork(database, options);
        Writer = new StateWriter(_work, options);
        ClusterSessions = new PostgresClusterSessionStore(_work, Writer, options);
        ClusterShares = new PostgresClusterShareStore(_work, Writer, options);
        Attempts = new PostgresAttemptStore(_work, Writer, Guid.NewGuid());
    }

    /// <summary>The sessions of a cluster, for the node that <see cref="PostgresOptions.Owner"/> names.</summary>
    public IClusterSessionStore ClusterSessions { get; }

    /// <summary>The shared subscriptions of a cluster, for the node that <see cref="PostgresOptions.Owner"/> names.</summary>
    public IClusterShareStore ClusterShares { get; }

    /// <summary>The attempts to deliver of all nodes.</summary>
    public IAttemptStore Attempts { get; }

    /// <summary>Takes the attempts of a store that is moved here. Written again in the same order, by whichever process, each chunk is stored once, and stands before those of the nodes.</summary>
    public IAttemptStore MovedAttempts => new PostgresAttemptStore(_work, Writer, Guid.Empty);

    internal StateWriter Writer { get; }

    internal PooledWork Work => _work;

    internal int PartitionCount => _options.PartitionCount;

    /// <summary>Opens the store, and makes the schema when there is none.</summary>
    /// <param name="options">Where the database is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnusableException">The schema is newer than this program, the store is another one than the options say, or the server refuses the role.</exception>
    /// <exception cref="DatabaseUnavailableException">There is no primary, and the options do not say to wait for one.</exception>
    public static async Task<PostgresStateStore> OpenAsync(PostgresOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        var database = new PrimaryDatabase(options);
        try
        {
            return await PatientStart.RunAsync(
                database,
                options,
                async () =>
                {
                    await DatabaseSchema.MigrateAsync(database, options, SchemaSteps.All, cancellationToken).ConfigureAwait(false);
                    return new PostgresStateStore(options, database);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    IAsyncEnumerable<StoredSession> ISessionStore.LoadAsync(CancellationToken cancellationToken)
        => StreamAsync(SessionRows.All, SessionRows.Read, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> SaveAsync(StoredSession session) => Writer.RunAsync(SessionRows.Save(session));

    /// <inheritdoc/>
    public async ValueTask<bool> SaveSubscriptionsAsync(
        ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters)
    {
        await Writer.RunAsync(SessionRows.SaveSubscriptions(sessionId, saved, removedFilters)).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAsync(ulong sessionId) => await Writer.RunAsync(SessionRows.Remove(sessionId)).ConfigureAwait(false);

    /// <inheritdoc/>
    async ValueTask<StoredCheckpoint> ICheckpointStore.LoadAsync(CancellationToken cancellationToken)
        => await _work.RunAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand(CheckpointRows.Offsets, connection);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                return await reader.ReadAsync(cancellationToken).ConfigureAwait(false)
                    ? new StoredCheckpoint(reader.GetFieldValue<long[]>(0), reader.GetFieldValue<long[]>(1))
                    : new StoredCheckpoint(new long[_options.PartitionCount], new long[_options.PartitionCount]);
            },
            cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredRetained> LoadRetainedAsync(CancellationToken cancellationToken)
        => StreamAsync(CheckpointRows.Retained, CheckpointRows.ReadRetained, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredStream> LoadStreamsAsync(CancellationToken cancellationToken)
        => StreamAsync(CheckpointRows.Streams, CheckpointRows.ReadStreams, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredShare> LoadSharesAsync(CancellationToken cancellationToken)
        => StreamAsync(CheckpointRows.Shares, CheckpointRows.ReadShares, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask SaveAsync(CheckpointChanges changes) => await Writer.RunAsync(CheckpointRows.Save(changes)).ConfigureAwait(false);

    /// <summary>Adds shared subscriptions that come from one machine. Adding them again is no harm, as long as nobody keeps them.</summary>
    /// <param name="parts">How far they are.</param>
    public async ValueTask AddSharesAsync(IReadOnlyList<StoredSharePartition> parts) => await Writer.RunAsync(SharePartitionRows.Add(parts)).ConfigureAwait(false);

    /// <inheritdoc/>
    async ValueTask<IReadOnlyList<StoredIntegration>> IIntegrationStore.LoadAsync(CancellationToken cancellationToken)
    {
        var integrations = new List<StoredIntegration>();
        await foreach (var integration in StreamAsync(IntegrationRows.All, IntegrationRows.Read, cancellationToken).ConfigureAwait(false))
        {
            integrations.Add(integration);
        }

        return integrations;
    }

    /// <inheritdoc/>
    public async ValueTask<StoredIntegration?> FindAsync(string product, string name, CancellationToken cancellationToken)
        => (await QueryAsync(IntegrationRows.One, [product, name], IntegrationRows.Read, cancellationToken).ConfigureAwait(false)).SingleOrDefault();

    /// <inheritdoc/>
    public ValueTask<bool> AddAsync(StoredIntegration integration) => Writer.RunAsync(IntegrationRows.Add(integration));

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(string product, string name) => Writer.RunAsync(IntegrationRows.Remove(product, name));

    /// <inheritdoc/>
    public async ValueTask SaveCursorAsync(string product, string name, long[] cursor)
        => await Writer.RunAsync(IntegrationRows.SaveCursor(product, name, cursor)).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<bool> SaveSettingsAsync(string product, string name, string settings)
        => Writer.RunAsync(IntegrationRows.SaveSettings(product, name, settings));

    /// <inheritdoc/>
    public ValueTask<bool> SaveDeadLetterAsync(StoredDeadLetter letter) => Writer.RunAsync(DeadLetterRows.Save(letter));

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredDeadLetter>> LoadDeadLettersAsync(
        string product, string name, int fromPartition, long fromOffset, int limit, CancellationToken cancellationToken)
        => await QueryAsync(DeadLetterRows.Page, [product, name, fromPartition, fromOffset, limit], DeadLetterRows.Read, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<int> CountDeadLettersAsync(string product, string name, CancellationToken cancellationToken)
        => (await QueryAsync(DeadLetterRows.Count, [product, name], ReadCount, cancellationToken).ConfigureAwait(false)).Single();

    /// <inheritdoc/>
    public ValueTask<bool> RemoveDeadLetterAsync(string product, string name, int partition, long offset)
        => Writer.RunAsync(DeadLetterRows.Remove(product, name, partition, offset));

    /// <inheritdoc/>
    public ValueTask<bool> RemoveDeadLettersAsync(string product, string name) => Writer.RunAsync(DeadLetterRows.RemoveAll(product, name));

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredIdentity> LoadChangesAsync(long afterRevision, CancellationToken cancellationToken)
        => StreamAsync(IdentityRows.Changes, IdentityRows.Read, cancellationToken, afterRevision);

    /// <inheritdoc/>
    public ValueTask<bool> SaveAsync(StoredIdentity identity) => Writer.RunAsync(IdentityRows.Save(identity));

    /// <inheritdoc/>
    public async ValueTask SavePresenceAsync(IReadOnlyList<StoredPresence> changes)
    {
        if (changes.Count > 0)
        {
            await Writer.RunAsync(IdentityRows.SavePresence(_options.Owner, changes)).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredPresence>> LoadPresenceAsync(string product, IReadOnlyList<string> devices, CancellationToken cancellationToken)
        => await QueryAsync(
            IdentityRows.Presence, [product, devices.ToArray(), _options.Owner], rows => IdentityRows.ReadPresence(rows, product), cancellationToken).ConfigureAwait(false);

    /// <summary>Commits what waits, and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync().ConfigureAwait(false);
        await _database.DisposeAsync().ConfigureAwait(false);
    }

    private static IEnumerable<int> ReadCount(NpgsqlDataReader rows)
    {
        while (rows.Read())
        {
            yield return rows.GetInt32(0);
        }
    }

    /// <summary>Reads a few rows.</summary>
    private async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, object[] values, Func<NpgsqlDataReader, IEnumerable<T>> rows, CancellationToken cancellationToken)
        => await _work.RunAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand(sql, connection);
                foreach (var value in values)
                {
                    command.Parameters.Add(new NpgsqlParameter { Value = value });
                }

                await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                return (IReadOnlyList<T>)[.. rows(reader)];
            },
            cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    /// <summary>Reads rows on the thread pool, ahead of the consumer by a few chunks; the consumer never runs on a socket's thread.</summary>
    private async IAsyncEnumerable<T> StreamAsync<T>(
        string sql, Func<NpgsqlDataReader, IEnumerable<T>> rows, [EnumeratorCancellation] CancellationToken cancellationToken, params object[] values)
    {
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var chunks = Channel.CreateBounded<T[]>(new BoundedChannelOptions(ChunksAhead) { SingleReader = true, SingleWriter = true });
        var producing = Task.Run(() => ProduceAsync(sql, values, rows, chunks.Writer, abandoned.Token), CancellationToken.None);
        try
        {
            await foreach (var chunk in chunks.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                foreach (var row in chunk)
                {
                    yield return row;
                }
            }
        }
        finally
        {
            await abandoned.CancelAsync().ConfigureAwait(false);
            await producing.ConfigureAwait(false);
        }
    }

    private async Task ProduceAsync<T>(string sql, object[] values, Func<NpgsqlDataReader, IEnumerable<T>> rows, ChannelWriter<T[]> chunks, CancellationToken cancellationToken)
    {
        try
        {
            var (connection, _) = await _database.OpenAsync(cancellationToken).ConfigureAwait(false);
            await using var _ = connection.ConfigureAwait(false);
            using var command = new NpgsqlCommand(sql, connection);
            foreach (var value in values)
            {
                command.Parameters.Add(new NpgsqlParameter { Value = value });
            }

            using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            foreach (var chunk in rows(reader).Chunk(RowsPerChunk))
            {
                await chunks.WriteAsync(chunk, cancellationToken).ConfigureAwait(false);
            }

            chunks.Complete();
        }
        catch (Exception error)
        {
            chunks.Complete(error is NpgsqlException ? new StateStoreException($"The state in the schema '{_options.Schema}' could not be read: {error.Message}", error) : error);
        }
    }
}
