using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres.Appending;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.Postgres.Reading;
using Holdfast.Log.Postgres.Schema;
using Holdfast.Log.Postgres.Segments;
using Holdfast.Log.Segments;
using Microsoft.Extensions.Logging;

namespace Holdfast.Log.Postgres;

/// <summary>
/// The log of a cluster in PostgreSQL. A process appends to the partitions that it has claimed and reads all of them. An append is answered when it is
/// certain: without a primary, or without the synchronous standby that the policy asks for, it waits.
/// </summary>
public sealed class PostgresPartitionLog : IClusterLog
{
    private readonly PostgresOptions _options;
    private readonly PrimaryDatabase _database;
    private readonly DedicatedConnection _connection;
    private readonly FenceDatabase _fence;
    private readonly SegmentDirectory _segments;
    private readonly SegmentMaintenance _maintenance;
    private readonly DamagedBatches _damage;
    private readonly BatchReader _reader;
    private readonly PartitionEnds _ends;
    private readonly RecentBatches _recent;
    private readonly SegmentGrowth _growth;

    /// <summary>Appends and claims use one connection and one set of epochs.</summary>
    private readonly SemaphoreSlim _writing = new(1);
    private readonly CancellationTokenSource _closing = new();
    private volatile AcknowledgementDurability _durability;

    private PostgresPartitionLog(PostgresOptions options, PrimaryDatabase database)
    {
        _options = options;
        _database = database;
        _connection = new DedicatedConnection(database, options);
        _fence = new FenceDatabase(_connection, options.Durability.RequiresSynchronousStandby);
        _segments = new SegmentDirectory(database);
        _maintenance = new SegmentMaintenance(database, options, _segments);
        _damage = new DamagedBatches(options.Logger);
        _reader = new BatchReader(new PooledWork(database, options), _segments, _damage, options.MaximumReads);
        _ends = new PartitionEnds(options.PartitionCount);
        _recent = new RecentBatches(options.PartitionCount, options.RecentBytes);
        _growth = new SegmentGrowth(options);
        _durability = new AcknowledgementDurability(null, [], options.Durability.Attestation);
    }

    /// <summary>
    /// The database was found to have lost the end of a partition. What this process knows and has delivered beyond it is no longer true, so it should start anew. Raised only where a synchronous standby is
    /// not required: with one nothing is announced that a new primary does not have.
    /// </summary>
    public event Action<LostEnd>? EndLost;

    /// <inheritdoc/>
    public string Incarnation => Incarnations.Current;

    /// <inheritdoc/>
    public Incarnations Incarnations { get; private set; } = new(string.Empty, []);

    /// <inheritdoc/>
    public int PartitionCount => _options.PartitionCount;

    /// <summary>See <see cref="PostgresOptions.Owner"/>.</summary>
    public string Owner => _options.Owner;

    /// <summary>What an acknowledgement means now, as of the last append or <see cref="RefreshDurabilityAsync"/>.</summary>
    public AcknowledgementDurability Durability => _durability;

    /// <summary>Opens the log, and makes the schema when there is none. It owns no partition yet, see <see cref="ClaimAsync"/>.</summary>
    /// <param name="options">Where the database is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnusableException">The schema is newer than this program, the store is another one than the options say, or the server refuses the role.</exception>
    /// <exception cref="DatabaseUnavailableException">There is no primary, and the options do not say to wait for one.</exception>
    public static async Task<PostgresPartitionLog> OpenAsync(PostgresOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        var log = new PostgresPartitionLog(options, new PrimaryDatabase(options));
        try
        {
            return await PatientStart.RunAsync(
                log._database,
                options,
                async () =>
                {
                    await DatabaseSchema.MigrateAsync(log._database, options, SchemaSteps.All, cancellationToken).ConfigureAwait(false);
                    await log.LoadAsync(cancellationToken).ConfigureAwait(false);
                    return log;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await log.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public long FirstOffset(int partition) => Math.Min(_segments.Current[0].BaseOffsets[partition], CommittedOffset(partition));

    /// <summary>The committed offset as this process knows it: of its own partitions exactly, of others as far as it was told.</summary>
    /// <param name="partition">The partition.</param>
    public long CommittedOffset(int partition) => _ends.Committed(partition);

    /// <inheritdoc/>
    public void Announce(int partition, long committedOffset) => _ends.Announce(partition, committedOffset);

    /// <inheritdoc/>
    public bool IsOwned(int partition) => _ends.Epoch(partition) != 0;

    /// <summary>The epoch under which this process appends to a partition; 0 when it does not own it. Every resolved unknown outcome raises it.</summary>
    /// <param name="partition">The partition.</param>
    public long Epoch(int partition) => _ends.Epoch(partition);

    /// <summary>
    /// Makes somebody the owner of a partition, and raises its epoch: who appended to it until now is fenced. It waits while the database cannot commit
    /// as the policy asks. Everything before the returned head is as durable as the claim itself.
    /// </summary>
    /// <param name="partition">The partition.</param>
    /// <param name="newOwner">Usually <see cref="Owner"/>; another name hands the partition over, and this process stops appending to it.</param>
    /// <param name="expectedEpoch">The epoch on which the decision to claim was based; any other and the claim is refused.</param>
    /// <param name="cancellationToken">Gives up between two attempts.</param>
    public async Task<PartitionClaim> ClaimAsync(int partition, string newOwner, long expectedEpoch, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)partition, (uint)PartitionCount, nameof(partition));
        ArgumentException.ThrowIfNullOrWhiteSpace(newOwner);
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (await TryClaimAsync((short)partition, newOwner, expectedEpoch).ConfigureAwait(false) is { } claim)
                {
                    return claim;
                }

                await PauseAsync(attempt, $"a claim of partition {partition} waits", null).ConfigureAwait(false);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>
    /// The heads of all partitions, as they are visible now. For deciding about claims; not for readers, because what is visible may be without its
    /// standby: only a claim, or the owner, tells a committed offset.
    /// </summary>
    public async Task<IReadOnlyList<PartitionHead>> ReadHeadsAsync(CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Before the read: whoever commits meanwhile is ahead of what it shows.
            long[] announced = [.. Enumerable.Range(0, PartitionCount).Select(_ends.Committed)];
            var read = await _fence.ReadAsync(AllPartitions()).ConfigureAwait(false);
            foreach (var head in read.Value ?? [])
            {
                CompareEnd(head, announced[head.Partition]);
            }

            return read.Value ?? throw new DatabaseUnavailableException($"The heads could not be read: {read.Error?.Message}", read.Error);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Looks which standbys are attached.</summary>
    /// <exception cref="DatabaseUnavailableException">The database does not answer.</exception>
    public async Task<AcknowledgementDurability> RefreshDurabilityAsync(CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var look = await _fence.StandbysAsync().ConfigureAwait(false);
            return look.Kind == OutcomeKind.Done
                ? _durability = new AcknowledgementDurability(look.Value.Names, look.Value.Standbys, _options.Durability.Attestation)
                : throw new DatabaseUnavailableException($"The standbys could not be read: {look.Error?.Message}", look.Error);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public OffsetRange FindReceived(int partition, long fromMilliseconds, long toMilliseconds)
    {
        var committed = CommittedOffset(partition);
        return _segments.FindReceived(partition, (fromMilliseconds, toMilliseconds), _ends.Times(partition), committed);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The batches may be of any of the partitions that this process owns. <see cref="AppendStatus.Fenced"/>: nothing was stored, and
    /// <see cref="IsOwned"/> tells of which partitions it is the owner still.
    /// </remarks>
    public async ValueTask<AppendStatus> AppendAsync(ReadOnlyMemory<RecordBatch> group)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        if (group.IsEmpty)
        {
            return AppendStatus.Appended;
        }

        if (!_ends.Verify(group.Span))
        {
            return AppendStatus.Fenced;
        }

        var batches = BatchGroup.Take(group.Span);
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            var status = await AppendAsync(batches).ConfigureAwait(false);
            if (status == AppendStatus.Appended)
            {
                Remember(group.Span);
            }

            return status;
        }
        finally
        {
            _writing.Release();
            batches.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask<LogRead> ReadAsync(
        int partition, long fromOffset, IReadOnlySet<ulong>? keys, int maximumBytes, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(fromOffset);
        var committed = CommittedOffset(partition);
        return fromOffset >= committed ? ValueTask.FromResult(new LogRead { Batches = [], NextOffset = committed })
            : fromOffset >= FirstOffset(partition) && _recent.TryRead(partition, fromOffset, committed, maximumBytes) is { } recent ? ValueTask.FromResult(recent)
            : new ValueTask<LogRead>(ReadStoredAsync(partition, fromOffset, committed, keys, maximumBytes, cancellationToken));
    }

    /// <inheritdoc/>
    public void Remember(RecordBatch batch) => _recent.Add(batch);

    /// <inheritdoc/>
    public async ValueTask<RetentionResult> ApplyRetentionAsync(
        RetentionPolicy policy, ReadOnlyMemory<long> appliedOffsets, CancellationToken cancellationToken)
    {
        var applied = appliedOffsets.ToArray();
        try
        {
            return await Task.Run(
                () => _maintenance.ApplyAsync(policy, applied, segments => _growth.TotalBytes - segments[0].BaseBytes, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception error) when (PooledWork.MayPass(error))
        {
            _options.Logger.LogWarning("Retention waits for the database: {Error}", error.Message);
            return new RetentionResult(0, 0, []);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Bytes count the bodies, as of the start and what this process appended since. The room on the server's volume is not known here.</remarks>
    public LogStatistics GetStatistics()
    {
        var segments = _segments.Current;
        return new LogStatistics(segments.Length, _growth.TotalBytes - segments[0].BaseBytes, long.MaxValue, _damage.Records);
    }

    /// <summary>Closes the connections. An append that still waits ends with <see cref="ObjectDisposedException"/>; what it stored, if anything, the next owner reads.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested)
        {
            return;
        }

        await _closing.CancelAsync().ConfigureAwait(false);
        _connection.Stop();
        await _writing.WaitAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
        await _database.DisposeAsync().ConfigureAwait(false);
        _writing.Release();
        _reader.Dispose();
        _recent.Dispose();
    }

    private void Remember(ReadOnlySpan<RecordBatch> group)
    {
        foreach (var batch in group)
        {
            _recent.Add(batch);
        }
    }

    private async Task<LogRead> ReadStoredAsync(
        int partition, long fromOffset, long committed, IReadOnlySet<ulong>? keys, int maximumBytes, CancellationToken cancellationToken)
    {
        var read = await _reader.ReadAsync(partition, fromOffset, committed, keys, maximumBytes, cancellationToken).ConfigureAwait(false);
        _recent.Note(read);
        return read;
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        await _segments.RefreshAsync(cancellationToken).ConfigureAwait(false);
        var (connection, _) = await _database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        Incarnations = await StoreLives.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        _growth.Begin(
            (long)(await connection.ScalarAsync("SELECT sum(bytes)::bigint FROM partition_head", cancellationToken).ConfigureAwait(false))!,
            _segments.Newest.Number,
            _segments.Newest.BegunAt);
    }

    private async ValueTask<AppendStatus> AppendAsync(BatchGroup batches)
    {
        if (_growth.IsFull)
        {
            await _maintenance.BeginAfterAsync(_growth.Segment).ConfigureAwait(false);
            _growth.Move(_segments.Newest.Number, _segments.Newest.BegunAt);
            _ends.BeginSegment(_segments.Newest.BaseOffsets);
        }

        var epochs = _ends.Epochs(batches.Partitions);
        var append = new FencedAppend(new ObservedFence(_fence, NoteNames), Owner, _options.Durability.RequiresSynchronousStandby, PauseAsync);
        var result = await append.RunAsync(batches, epochs).ConfigureAwait(false);
        _ends.Adopt(batches, epochs, result);
        if (result.Lost.Count > 0)
        {
            _options.Logger.LogWarning("Partitions {Partitions} belong to another owner now.", string.Join(", ", result.Lost));
        }

        if (result.Status == AppendStatus.Appended)
        {
            _growth.Add(batches.Bytes, result.Segment);
        }

        return result.Status;
    }

    private async Task<PartitionClaim?> TryClaimAsync(short partition, string newOwner, long expectedEpoch)
    {
        var claim = await _fence.ClaimAsync(partition, newOwner, expectedEpoch).ConfigureAwait(false);
        if (claim is { Kind: OutcomeKind.Done, Value: { } claimed })
        {
            if (claimed.Head.NextOffset < CommittedOffset(partition))
            {
                // Other records come in the place of those that are lost.
                _recent.Forget(partition);
                CompareEnd(claimed.Head, CommittedOffset(partition));
            }

            _ends.Claimed(claimed, newOwner == Owner, _segments.Newest.Number);
            return new PartitionClaim(true, claimed.Head);
        }

        if (claim.Kind == OutcomeKind.Done && await _fence.ReadAsync([partition]).ConfigureAwait(false) is { Value: [var against] } && against.Epoch != expectedEpoch)
        {
            return new PartitionClaim(false, against);
        }

        return null;
    }

    private void CompareEnd(PartitionHead head, long announced)
    {
        if (head.NextOffset < announced && !_options.Durability.RequiresSynchronousStandby)
        {
            EndLost?.Invoke(new LostEnd(head.Partition, announced, head.NextOffset));
        }
    }

    private void NoteNames(string names)
    {
        if (_durability.SynchronousStandbyNames != names)
        {
            _durability = _durability with { SynchronousStandbyNames = names };
        }
    }

    private async ValueTask PauseAsync(int attempt, string reason, Exception? error)
    {
        if (attempt == 1)
        {
            _options.Logger.LogWarning("The log cannot commit: {Reason}. {Error}", reason, error?.Message);
        }

        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        await Task.Delay(Backoff.Before(attempt), _options.TimeProvider, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
    }

    private short[] AllPartitions() => [.. Enumerable.Range(0, PartitionCount).Select(partition => (short)partition)];
}
