using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.State;
using Holdfast.Log.TestKit;
using Holdfast.Log.TestKit.State;

namespace Holdfast.Broker.Tests.Harness;

/// <summary>The stores as one process has them: after its death it cannot touch them any more, whatever of it still runs.</summary>
internal sealed class NodeStores(MemoryPartitionLog log, MemoryStateStore state) : IPartitionLog, ISessionStore, ICheckpointStore
{
    private volatile bool _dead;
    private Task _append = Task.CompletedTask;
    private TaskCompletionSource<CheckpointChanges> _nextCheckpoint = NewSource();

    /// <summary>Held back, saving a session or its subscriptions takes until the task completes.</summary>
    public Task SessionGate { get; set; } = Task.CompletedTask;

    public Incarnations Incarnations => log.Incarnations;

    public int PartitionCount => log.PartitionCount;

    private IAsyncEnumerable<StoredSession> Sessions => ((ISessionStore)state).LoadAsync(CancellationToken.None);

    /// <summary>The process dies. An append under way is not stored.</summary>
    public async Task DieAsync()
    {
        _dead = true;
        log.Crash();
        try
        {
            await _append.Within();
        }
        catch (FlushFailedException)
        {
            // It died with the process.
        }

        log.Reopen();
    }

    /// <summary>The next checkpoint that is saved.</summary>
    public Task<CheckpointChanges> NextCheckpointAsync() => Volatile.Read(ref _nextCheckpoint).Task;

    /// <summary>The stored session of a client; null when there is none.</summary>
    public async Task<StoredSession?> FindSessionAsync(string clientId)
    {
        await foreach (var session in Sessions)
        {
            if (session.ClientId == clientId)
            {
                return session;
            }
        }

        return null;
    }

    public long FirstOffset(int partition) => log.FirstOffset(partition);

    public long CommittedOffset(int partition) => log.CommittedOffset(partition);

    public OffsetRange FindReceived(int partition, long fromMilliseconds, long toMilliseconds)
        => log.FindReceived(partition, fromMilliseconds, toMilliseconds);

    public ValueTask<AppendStatus> AppendAsync(ReadOnlyMemory<RecordBatch> group)
    {
        ThrowIfDead();
        var append = log.AppendAsync(group).AsTask();
        _append = append;
        return new ValueTask<AppendStatus>(append);
    }

    public ValueTask<LogRead> ReadAsync(int partition, long fromOffset, IReadOnlySet<ulong>? keys, int maximumBytes, CancellationToken cancellationToken)
    {
        ThrowIfDead();
        return log.ReadAsync(partition, fromOffset, keys, maximumBytes, cancellationToken);
    }

    public ValueTask<RetentionResult> ApplyRetentionAsync(RetentionPolicy policy, ReadOnlyMemory<long> appliedOffsets, CancellationToken cancellationToken)
    {
        ThrowIfDead();
        return log.ApplyRetentionAsync(policy, appliedOffsets, cancellationToken);
    }

    public LogStatistics GetStatistics() => log.GetStatistics();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    IAsyncEnumerable<StoredSession> ISessionStore.LoadAsync(CancellationToken cancellationToken) => Sessions;

    public async ValueTask<bool> SaveAsync(StoredSession session)
    {
        await SessionGate;
        ThrowIfDead();
        return await state.SaveAsync(session);
    }

    public async ValueTask<bool> SaveSubscriptionsAsync(ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters)
    {
        await SessionGate;
        ThrowIfDead();
        return await state.SaveSubscriptionsAsync(sessionId, saved, removedFilters);
    }

    public ValueTask RemoveAsync(ulong sessionId)
    {
        ThrowIfDead();
        return state.RemoveAsync(sessionId);
    }

    ValueTask<StoredCheckpoint> ICheckpointStore.LoadAsync(CancellationToken cancellationToken) => ((ICheckpointStore)state).LoadAsync(cancellationToken);

    public IAsyncEnumerable<StoredRetained> LoadRetainedAsync(CancellationToken cancellationToken) => state.LoadRetainedAsync(cancellationToken);

    public IAsyncEnumerable<StoredShare> LoadSharesAsync(CancellationToken cancellationToken) => state.LoadSharesAsync(cancellationToken);

    public IAsyncEnumerable<StoredStream> LoadStreamsAsync(CancellationToken cancellationToken) => state.LoadStreamsAsync(cancellationToken);

    public async ValueTask SaveAsync(CheckpointChanges changes)
    {
        ThrowIfDead();
        await state.SaveAsync(changes);
        Interlocked.Exchange(ref _nextCheckpoint, NewSource()).SetResult(changes);
    }

    private static TaskCompletionSource<CheckpointChanges> NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void ThrowIfDead()
    {
        if (_dead)
        {
            throw new FlushFailedException("The process has died.", new IOException());
        }
    }
}
