using Holdfast.Log.Partitions;
using Holdfast.Log.State.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Log.State;

/// <summary>
/// Sessions, checkpoints, integrations and identities in one SQLite file. Every change is on disk when its task completes; changes that come at the
/// same time share a transaction. Failures are <see cref="StateStoreException"/>s, a full disk is a <see cref="StateStoreFullException"/>; after a
/// <see cref="FlushFailedException"/> the store refuses every change.
/// </summary>
public sealed class SqliteStateStore : ISessionStore, ICheckpointStore, IIntegrationStore, IIdentityStore, IAsyncDisposable
{
    private readonly StateConnection _connection;
    private readonly WalCheckpointer _checkpointer;
    private readonly StateReader _reader;
    private readonly int _partitionCount;

    /// <summary>Names this opening of the store: what an earlier process has said of connected devices means nothing now.</summary>
    private readonly string _life = Guid.NewGuid().ToString("N");

    private SqliteStateStore(string path, int partitionCount, StateConnection connection, StateConnection checkpoints, ILogger logger)
    {
        _partitionCount = partitionCount;
        _connection = connection;
        _checkpointer = new WalCheckpointer(checkpoints, path, logger);
        _reader = new StateReader(path);
        Writer = new StateWriter(connection, _checkpointer, path);
    }

    internal StateWriter Writer { get; }

    /// <summary>Opens a store; makes it when it does not exist.</summary>
    /// <param name="path">The file, usually <c>state.db</c>. Its directory must exist.</param>
    /// <param name="partitionCount">The number of partitions of the log, for the checkpoint of a new store.</param>
    /// <param name="logger">Where trouble that no caller sees is told.</param>
    /// <exception cref="StateStoreCorruptException">The file is damaged or something else.</exception>
    /// <exception cref="StateStoreException">The file is newer than this program, or cannot be written.</exception>
    public static SqliteStateStore Open(string path, int partitionCount = Partitioning.DefaultPartitionCount, ILogger? logger = null)
    {
        var fullPath = Path.GetFullPath(path);
        StateConnection? connection = null;
        StateConnection? checkpoints = null;
        try
        {
            connection = StateConnection.Open(fullPath, SqliteOpenMode.ReadWriteCreate);
            connection.Script("PRAGMA journal_mode = WAL");
            StateSchema.Migrate(connection, fullPath);
            WalCheckpointer.Prepare(connection);
            checkpoints = StateConnection.Open(fullPath, SqliteOpenMode.ReadWrite);
            return new SqliteStateStore(fullPath, partitionCount, connection, checkpoints, logger ?? NullLogger.Instance);
        }
        catch (Exception error)
        {
            connection?.Dispose();
            checkpoints?.Dispose();
            if (error is SqliteException)
            {
                throw StateErrors.Translate(error, fullPath);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    IAsyncEnumerable<StoredSession> ISessionStore.LoadAsync(CancellationToken cancellationToken)
        => _reader.StreamAsync(SessionTable.Read, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> SaveAsync(StoredSession session) => Writer.RunAsync(connection => SessionTable.Save(connection, session));

    /// <inheritdoc/>
    public async ValueTask<bool> SaveSubscriptionsAsync(
        ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters)
    {
        await Writer.RunAsync(connection => SessionTable.SaveSubscriptions(connection, sessionId, saved, removedFilters)).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAsync(ulong sessionId)
        => await Writer.RunAsync(connection => SessionTable.Remove(connection, sessionId)).ConfigureAwait(false);

    /// <inheritdoc/>
    async ValueTask<StoredCheckpoint> ICheckpointStore.LoadAsync(CancellationToken cancellationToken)
        => await _reader.ReadAsync(connection => CheckpointTables.Read(connection, _partitionCount), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredRetained> LoadRetainedAsync(CancellationToken cancellationToken)
        => _reader.StreamAsync(CheckpointTables.ReadRetained, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredStream> LoadStreamsAsync(CancellationToken cancellationToken)
        => _reader.StreamAsync(CheckpointTables.ReadStreams, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredShare> LoadSharesAsync(CancellationToken cancellationToken)
        => _reader.StreamAsync(CheckpointTables.ReadShares, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask SaveAsync(CheckpointChanges changes)
        => await Writer.RunAsync(connection =>
        {
            CheckpointTables.Save(connection, changes);
            return true;
        }).ConfigureAwait(false);

    /// <inheritdoc/>
    async ValueTask<IReadOnlyList<StoredIntegration>> IIntegrationStore.LoadAsync(CancellationToken cancellationToken)
        => await _reader.ReadAsync(IntegrationTable.Read, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<StoredIntegration?> FindAsync(string product, string name, CancellationToken cancellationToken)
        => await _reader.ReadAsync(connection => IntegrationTable.Find(connection, product, name), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<bool> AddAsync(StoredIntegration integration) => Writer.RunAsync(connection => IntegrationTable.Add(connection, integration));

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(string product, string name) => Writer.RunAsync(connection => IntegrationTable.Remove(connection, product, name));

    /// <inheritdoc/>
    public async ValueTask SaveCursorAsync(string product, string name, long[] cursor)
        => await Writer.RunAsync(connection => IntegrationTable.SaveCursor(connection, product, name, cursor)).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<bool> SaveSettingsAsync(string product, string name, string settings)
        => Writer.RunAsync(connection => IntegrationTable.SaveSettings(connection, product, name, settings));

    /// <inheritdoc/>
    public ValueTask<bool> SaveDeadLetterAsync(StoredDeadLetter letter) => Writer.RunAsync(connection => DeadLetterTable.Save(connection, letter));

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredDeadLetter>> LoadDeadLettersAsync(
        string product, string name, int fromPartition, long fromOffset, int limit, CancellationToken cancellationToken)
        => await _reader.ReadAsync(
            connection => DeadLetterTable.Read(connection, product, name, fromPartition, fromOffset, limit), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<int> CountDeadLettersAsync(string product, string name, CancellationToken cancellationToken)
        => await _reader.ReadAsync(connection => DeadLetterTable.Count(connection, product, name), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<bool> RemoveDeadLetterAsync(string product, string name, int partition, long offset)
        => Writer.RunAsync(connection => DeadLetterTable.Remove(connection, product, name, partition, offset));

    /// <inheritdoc/>
    public ValueTask<bool> RemoveDeadLettersAsync(string product, string name)
        => Writer.RunAsync(connection => DeadLetterTable.RemoveAll(connection, product, name));

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredIdentity> LoadChangesAsync(long afterRevision, CancellationToken cancellationToken)
        => _reader.StreamAsync(connection => IdentityTable.ReadChanges(connection, afterRevision), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> SaveAsync(StoredIdentity identity) => Writer.RunAsync(connection => IdentityTable.Save(connection, identity));

    /// <inheritdoc/>
    public async ValueTask SavePresenceAsync(IReadOnlyList<StoredPresence> changes)
        => await Writer.RunAsync(connection => IdentityTable.SavePresence(connection, _life, changes)).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredPresence>> LoadPresenceAsync(string product, IReadOnlyList<string> devices, CancellationToken cancellationToken)
        => await _reader.ReadAsync(connection => IdentityTable.ReadPresence(connection, _life, product, devices), cancellationToken).ConfigureAwait(false);

    /// <summary>Commits what waits, moves the write-ahead log into the database, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync().ConfigureAwait(false);
        _checkpointer.Dispose();
        try
        {
            _connection.Script("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException)
        {
            // The write-ahead log stays as it is, complete; the next start reads it.
        }

        _connection.Dispose();
    }
}
