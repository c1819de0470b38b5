using Holdfast.Device.Receipts;

namespace Holdfast.Device.Outbox;

/// <summary>An outbox for many publishers and one sender. Events that arrive together are flushed together.</summary>
internal sealed class EventOutbox : IAsyncDisposable
{
    /// <summary>How long what is confirmed may stay unknown to the files. A crash within it sends those events again, and the cloud keeps one.</summary>
    public static readonly TimeSpan PositionInterval = TimeSpan.FromSeconds(30);

    private readonly IOutboxFiles _files;
    private readonly OutboxOptions _options;
    private readonly TimeProvider _time;
    private readonly OutboxStore _store;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SemaphoreSlim _flushNow = new(0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ITimer _positions;
    private Task? _flushing;
    private TaskCompletionSource _group = NewGroup();
    private TaskCompletionSource _arrived = NewGroup();
    private TaskCompletionSource? _emptied;
    private long _waiting;
    private long _bytes;
    private long _urgent;
    private long _pendingBytes;
    private long _pendingUrgent;
    private int _untold;
    private bool _isClosed;

    public EventOutbox(IOutboxFiles files, OutboxOptions options, TimeProvider time)
    {
        options.Validate();
        (_files, _options, _time) = (files, options, time);
        _store = new OutboxStore(files, options, time);
        _waiting = _store.Waiting;
        _positions = time.CreateTimer(_ => _ = TryFlushPositionsAsync(), null, PositionInterval, PositionInterval);
    }

    /// <summary>Called with each event that will never reach its level.</summary>
    public Action<UndeliveredEvent>? Undelivered { get; set; }

    /// <summary>Flushed events that wait, as of the last change.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    /// <summary>Opens the outbox that the options describe.</summary>
    public static EventOutbox Open(OutboxOptions options, TimeProvider time)
    {
        options.Validate();
        IOutboxFiles files = options.Directory is { } directory ? new DiskOutboxFiles(directory) : options.Memory?.Files ?? new MemoryOutboxFiles();
        try
        {
            return new EventOutbox(files, options, time);
        }
        catch
        {
            (files as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <summary>Takes an event; ends when it is flushed.</summary>
    /// <exception cref="OutboxFullException">It does not fit, and the policy keeps the others.</exception>
    /// <exception cref="OutboxWriteException">The disk did not take it.</exception>
    public async Task<EventIdentity> AppendAsync(EventPriority priority, string topic, string contentType, ReadOnlyMemory<byte> payload, string receipt = "")
    {
        EventIdentity identity;
        Task flushed;
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            identity = _store.Append(priority, topic, contentType, payload.Span, receipt);
            _pendingUrgent += priority == EventPriority.Urgent ? 1 : 0;
            _pendingBytes += payload.Length;
            flushed = _group.Task;
            _flushing ??= FlushSoonAsync();
            if (_store.PendingBytes >= _options.FlushBytes && _flushNow.CurrentCount == 0)
            {
                _flushNow.Release();
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FailGroup(exception);
        }
        finally
        {
            _gate.Release();
        }

        await flushed.ConfigureAwait(false);
        return identity;
    }

    /// <summary>The next events to send, if there are any: the highest priority first, each priority in its order.</summary>
    /// <param name="maximumEvents">The most events.</param>
    /// <param name="maximumBytes">Reading ends with the event whose payload reaches this.</param>
    public async Task<OutboxReading> ReadAsync(int maximumEvents, int maximumBytes)
    {
        List<StoredEvent> events = [];
        OutboxArrivals arrivals = default;
        await WithStoreAsync(s =>
        {
            for (var bytes = 0; events.Count < maximumEvents && (events.Count == 0 || bytes < maximumBytes) && s.Read() is { } stored; bytes += stored.Payload.Length)
            {
                events.Add(stored);
            }

            // What was read may have been too old, and dropped on the way.
            TellWhenEmpty();
            arrivals = Arrivals();
        }).ConfigureAwait(false);
        return new OutboxReading(events, arrivals);
    }

    /// <summary>The oldest urgent event, if it has waited so long; it is not taken.</summary>
    public async Task<StoredEvent?> PeekUrgentAsync(TimeSpan age)
    {
        StoredEvent? stored = null;
        await WithStoreAsync(s => stored = s.PeekUrgent(age)).ConfigureAwait(false);
        return stored;
    }

    /// <summary>What has come in so far.</summary>
    public async Task<OutboxArrivals> GetArrivalsAsync()
    {
        OutboxArrivals arrivals = default;
        await WithStoreAsync(_ => arrivals = Arrivals()).ConfigureAwait(false);
        return arrivals;
    }

    /// <summary>The cloud has stored events: they are forgotten, unless they wait for more.</summary>
    public Task ConfirmAsync(IReadOnlyList<StoredEvent> events) => SettleAsync(s =>
    {
        foreach (var stored in events)
        {
            s.Confirm(stored);
        }

        // Of those that wait for more, the receipt may have come first.
        return events.Any(stored => stored.Receipt.Length > 0);
    });

    /// <summary>An integration tells everything that it knows of the device's events.</summary>
    /// <param name="integration">Its name.</param>
    /// <param name="text">What it says.</param>
    public Task TakeReceiptsAsync(string integration, byte[] text) => SettleAsync(s =>
    {
        s.TakeReceipts(integration, text);
        return true;
    });

    /// <summary>The device is connected to an endpoint: what was stored at another one, and waits for more, is sent again.</summary>
    public Task ConnectedAsync(Uri endpoint) => WithStoreAsync(s => s.Connected(endpoint));

    /// <summary>Events that can never be stored are dropped and counted.</summary>
    public Task DropAsync(IReadOnlyList<StoredEvent> events) => WithStoreAsync(s =>
    {
        foreach (var stored in events)
        {
            s.Drop(stored);
        }

        TellWhenEmpty();
    });

    /// <summary>Ends when nothing waits.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        var emptied = Task.CompletedTask;
        await WithStoreAsync(s => emptied = s.Waiting == 0 && _untold == 0 ? emptied : (_emptied ??= NewGroup()).Task).ConfigureAwait(false);
        await emptied.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What was read and not confirmed is read again.</summary>
    public Task RewindAsync() => WithStoreAsync(s => s.Rewind());

    /// <summary>What is in it.</summary>
    public async Task<OutboxStatistics> GetStatisticsAsync()
    {
        OutboxStatistics statistics = null!;
        await WithStoreAsync(s => statistics = s.GetStatistics()).ConfigureAwait(false);
        return statistics;
    }

    public async ValueTask DisposeAsync()
    {
        await _positions.DisposeAsync().ConfigureAwait(false);
        await _gate.WaitAsync().ConfigureAwait(false);
        _isClosed = true;
        _gate.Release();
        await _ending.CancelAsync().ConfigureAwait(false);
        if (_flushing is { } flushing)
        {
            await flushing.ConfigureAwait(false);
        }

        await FlushPositionsAsync().ConfigureAwait(false);
        _store.Dispose();
        (_files as IDisposable)?.Dispose();
        _gate.Dispose();
        _flushNow.Dispose();
        _ending.Dispose();
    }

    private static TaskCompletionSource NewGroup() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits for more events, then flushes all. The gate is held meanwhile, so the publishers of the next group wait without a thread.</summary>
    private async Task FlushSoonAsync()
    {
        if (_options.FlushInterval > TimeSpan.Zero)
        {
            await WaitForMoreAsync().ConfigureAwait(false);
        }
        else
        {
            await Task.Yield();
        }

        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            _flushing = null;
            _store.Flush();
            _group.SetResult();
            _group = NewGroup();
            Interlocked.Exchange(ref _waiting, _store.Waiting);
            (_bytes, _urgent) = (_bytes + _pendingBytes, _urgent + _pendingUrgent);
            (_pendingBytes, _pendingUrgent) = (0, 0);
            _arrived.SetResult();
            _arrived = NewGroup();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            FailGroup(exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task WaitForMoreAsync()
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        var full = _flushNow.WaitAsync(enough.Token);
        await Task.WhenAny(full, Task.Delay(_options.FlushInterval, _time, enough.Token)).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Changes what is stored, and forgets what has reached its level by that.</summary>
    /// <param name="change">Says whether anything can have.</param>
    private async Task SettleAsync(Func<OutboxStore, bool> change)
    {
        List<UndeliveredEvent> undelivered = [];
        await WithStoreAsync(s =>
        {
            if (change(s))
            {
                undelivered = s.Settle();
                _untold += undelivered.Count;

                // A lane may have waited for room.
                _arrived.SetResult();
                _arrived = NewGroup();
            }

            TellWhenEmpty();
        }).ConfigureAwait(false);
        if (undelivered.Count > 0)
        {
            undelivered.ForEach(one => Undelivered?.Invoke(one));
            await WithStoreAsync(_ =>
            {
                _untold -= undelivered.Count;
                TellWhenEmpty();
            }).ConfigureAwait(false);
        }
    }

    private OutboxArrivals Arrivals() => new(_bytes, _urgent, _arrived.Task);

    private void TellWhenEmpty()
    {
        Interlocked.Exchange(ref _waiting, _store.Waiting);

        // Who waits until the outbox is empty has been told of each event that will not be delivered.
        if (_emptied is { } emptied && _waiting == 0 && _untold == 0)
        {
            emptied.SetResult();
            _emptied = null;
        }
    }

    private OutboxWriteException FailGroup(Exception cause)
    {
        var failure = new OutboxWriteException(cause);
        _group.TrySetException(failure);
        _ = _group.Task.Exception;
        _group = NewGroup();
        return failure;
    }

    private Task FlushPositionsAsync() => WithStoreAsync(s =>
    {
        try
        {
            s.ForgetOld();
            TellWhenEmpty();
            s.FlushPositions();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Of what was confirmed, some would be sent again; but what waits in the same lane was not written.
            FailGroup(exception);
        }
    });

    private async Task TryFlushPositionsAsync()
    {
        try
        {
            await FlushPositionsAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The timer fired while the outbox was closed, which flushes by itself.
        }
    }

    private async Task WithStoreAsync(Action<OutboxStore> action)
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            action(_store);
        }
        finally
        {
            _gate.Release();
        }
    }
}
