using System.Runtime.CompilerServices;
using Holdfast.Log.Partitions;
using Holdfast.Log.State;

namespace Holdfast.Log.TestKit.State;

/// <summary>The state stores in memory. A change is "on disk" at once; <see cref="Failure"/> makes every change fail.</summary>
public sealed class MemoryStateStore : ISessionStore, ICheckpointStore, IIntegrationStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<ulong, StoredSession> _sessions = [];
    private readonly Dictionary<(string Product, string Topic), StoredRetained> _retained = [];
    private readonly Dictionary<(int Partition, string Key), StoredStream> _streams = [];
    private readonly Dictionary<(string Product, string Filter), StoredShare> _shares = [];
    private readonly Dictionary<(string Product, string Name), StoredIntegration> _integrations = [];
    private readonly SortedDictionary<(string Product, string Name, int Partition, long Offset), StoredDeadLetter> _deadLetters = [];
    private StoredCheckpoint _checkpoint;

    /// <summary>Creates an empty store.</summary>
    /// <param name="partitionCount">The number of partitions of the log.</param>
    public MemoryStateStore(int partitionCount = Partitioning.DefaultPartitionCount)
    {
        _checkpoint = new StoredCheckpoint(new long[partitionCount], new long[partitionCount]);
    }

    /// <summary>While set, every change fails with this exception and stores nothing.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Changes that were stored.</summary>
    public int Changes { get; private set; }

    IAsyncEnumerable<StoredSession> ISessionStore.LoadAsync(CancellationToken cancellationToken)
        => Stream(() => _sessions.Values, cancellationToken);

    public ValueTask<bool> SaveAsync(StoredSession session) => Change(() =>
    {
        var stored = _sessions.Values.FirstOrDefault(other => other.Product == session.Product && other.ClientId == session.ClientId);
        if (stored is not null && stored.Epoch > session.Epoch)
        {
            return false;
        }

        if (stored is not null && stored.Id != session.Id)
        {
            _sessions.Remove(stored.Id);
            stored = null;
        }

        _sessions[session.Id] = session with
        {
            Subscriptions = stored?.Subscriptions ?? [],
            Exchanges = stored?.Exchanges,
            Cursor = Copy(session.Cursor),
        };
        return true;
    });

    public ValueTask<bool> SaveSubscriptionsAsync(
        ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters)
        => Change(() =>
        {
            if (!_sessions.TryGetValue(sessionId, out var session))
            {
                return false;
            }

            var byFilter = session.Subscriptions.ToDictionary(subscription => subscription.Filter, StringComparer.Ordinal);
            foreach (var filter in removedFilters)
            {
                byFilter.Remove(filter);
            }

            foreach (var subscription in saved)
            {
                byFilter[subscription.Filter] = subscription with { Since = [.. subscription.Since] };
            }

            _sessions[sessionId] = session with { Subscriptions = [.. byFilter.Values] };
            return true;
        });

    public async ValueTask RemoveAsync(ulong sessionId) => await Change(() => _sessions.Remove(sessionId));

    ValueTask<StoredCheckpoint> ICheckpointStore.LoadAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(new StoredCheckpoint([.. _checkpoint.AppliedOffsets], [.. _checkpoint.Mark]));
        }
    }

    public IAsyncEnumerable<StoredRetained> LoadRetainedAsync(CancellationToken cancellationToken)
        => Stream(() => _retained.Values, cancellationToken);

    public IAsyncEnumerable<StoredStream> LoadStreamsAsync(CancellationToken cancellationToken)
        => Stream(() => _streams.Values, cancellationToken);

    public IAsyncEnumerable<StoredShare> LoadSharesAsync(CancellationToken cancellationToken) => Stream(() => _shares.Values, cancellationToken);

    public async ValueTask SaveAsync(CheckpointChanges changes) => await Change(() =>
    {
        _checkpoint = new StoredCheckpoint([.. changes.AppliedOffsets], [.. changes.Mark]);
        foreach (var retained in changes.Retained)
        {
            Apply(retained);
        }

        foreach (var stream in changes.Streams)
        {
            Apply(stream);
        }

        foreach (var progress in changes.Sessions)
        {
            if (_sessions.TryGetValue(progress.SessionId, out var session))
            {
                _sessions[progress.SessionId] = session with { Cursor = Copy(progress.Cursor), Exchanges = progress.Exchanges };
            }
        }

        foreach (var share in changes.Shares)
        {
            Apply(share);
        }

        return true;
    });

    ValueTask<IReadOnlyList<StoredIntegration>> IIntegrationStore.LoadAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<StoredIntegration>>([.. _integrations.Values]);
        }
    }

    public ValueTask<bool> AddAsync(StoredIntegration integration)
        => Change(() => _integrations.TryAdd((integration.Product, integration.Name), integration));

    public ValueTask<StoredIntegration?> FindAsync(string product, string name, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_integrations.GetValueOrDefault((product, name)));
        }
    }

    public ValueTask<bool> RemoveAsync(string product, string name) => Change(() =>
    {
        RemoveDeadLetters(product, name);
        return _integrations.Remove((product, name));
    });

    public ValueTask<bool> SaveSettingsAsync(string product, string name, string settings) => Change(() =>
    {
        if (!_integrations.TryGetValue((product, name), out var integration))
        {
            return false;
        }

        _integrations[(product, name)] = integration with { Settings = settings };
        return true;
    });

    public ValueTask<bool> SaveDeadLetterAsync(StoredDeadLetter letter) => Change(() =>
    {
        if (!_integrations.ContainsKey((letter.Product, letter.Name)))
        {
            return false;
        }

        _deadLetters[(letter.Product, letter.Name, letter.Partition, letter.Offset)] = letter;
        return true;
    });

    public ValueTask<IReadOnlyList<StoredDeadLetter>> LoadDeadLettersAsync(
        string product, string name, int fromPartition, long fromOffset, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<StoredDeadLetter>>(
                [.. DeadLetters(product, name).Where(letter => (letter.Partition, letter.Offset).CompareTo((fromPartition, fromOffset)) >= 0).Take(limit)]);
        }
    }

    public ValueTask<int> CountDeadLettersAsync(string product, string name, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(DeadLetters(product, name).Count());
        }
    }

    public ValueTask<bool> RemoveDeadLetterAsync(string product, string name, int partition, long offset)
        => Change(() => _deadLetters.Remove((product, name, partition, offset)));

    public ValueTask<bool> RemoveDeadLettersAsync(string product, string name) => Change(() => RemoveDeadLetters(product, name));

    public async ValueTask SaveCursorAsync(string product, string name, long[] cursor) => await Change(() =>
    {
        if (!_integrations.TryGetValue((product, name), out var integration))
        {
            return false;
        }

        _integrations[(product, name)] = integration with { Cursor = [.. cursor] };
        return true;
    });

    private IEnumerable<StoredDeadLetter> DeadLetters(string product, string name)
        => _deadLetters.Values.Where(letter => letter.Product == product && letter.Name == name);

    private bool RemoveDeadLetters(string product, string name)
    {
        var letters = DeadLetters(product, name).ToArray();
        foreach (var letter in letters)
        {
            _deadLetters.Remove((product, name, letter.Partition, letter.Offset));
        }

        return letters.Length > 0;
    }

    private static long[]? Copy(long[]? offsets) => offsets is null ? null : [.. offsets];

    private void Apply(StoredRetained retained)
    {
        if (retained.Record.IsEmpty)
        {
            _retained.Remove((retained.Product, retained.Topic));
            return;
        }

        // The caller's memory may be a batch's, and is reused.
        _retained[(retained.Product, retained.Topic)] = retained with { Record = retained.Record.ToArray() };
    }

    private void Apply(StoredStream stream)
    {
        var key = (stream.Partition, Convert.ToHexString(stream.Key));
        if (stream.Ranges.Length == 0)
        {
            _streams.Remove(key);
            return;
        }

        _streams[key] = stream;
    }

    private void Apply(StoredShare share)
    {
        if (share.Positions.Length == 0)
        {
            _shares.Remove((share.Product, share.Filter));
            return;
        }

        _shares[(share.Product, share.Filter)] = share with { Positions = [.. share.Positions], Unconfirmed = [.. share.Unconfirmed] };
    }

    private ValueTask<T> Change<T>(Func<T> change)
    {
        lock (_lock)
        {
            if (Failure is not null)
            {
                return ValueTask.FromException<T>(Failure);
            }

            Changes++;
            return ValueTask.FromResult(change());
        }
    }

    private async IAsyncEnumerable<T> Stream<T>(Func<IEnumerable<T>> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        T[] snapshot;
        lock (_lock)
        {
            snapshot = [.. rows()];
        }

        await Task.Yield();
        foreach (var row in snapshot)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return row;
        }
    }
}
