using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Log.Attempts;

/// <summary>
/// Takes the attempts of all integrations of a node and stores them in groups, off the path of deliveries. What is noted is stored within
/// <see cref="AttemptJournalOptions.Interval"/>; a process that dies loses no more than that, and an integration saves its cursor only after
/// <see cref="FlushAsync"/>, so that whatever a cursor has passed is in the journal. When the store does not keep up, <see cref="HasRoom"/> turns
/// false and integrations begin no attempts until it has: deliveries slow down, nothing is dropped.
/// </summary>
public sealed class AttemptJournal : IAsyncDisposable
{
    private readonly IAttemptStore _store;
    private readonly AttemptJournalOptions _options;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _work = new(0, 1);
    private readonly SemaphoreSlim _hurry = new(0, 1);
    private readonly Task _running;
    private AttemptGroup _open = new();
    private AttemptGroup _spare = new();
    private List<Action> _waitingForRoom = [];
    private TaskCompletionSource? _written;
    private TaskCompletionSource? _flushed;
    private int _waiting;
    private long _stored;
    private bool _isClosing;

    /// <summary>Begins a journal.</summary>
    /// <param name="store">Where it is kept; disposed with the journal.</param>
    /// <param name="options">Its limits.</param>
    public AttemptJournal(IAttemptStore store, AttemptJournalOptions options)
    {
        _store = store;
        _options = options;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Where it is kept.</summary>
    public IAttemptStore Store => _store;

    /// <summary>Events that are noted and not stored.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Chunks stored since the start.</summary>
    public long Stored => Volatile.Read(ref _stored);

    /// <summary>Whether attempts may begin.</summary>
    public bool HasRoom => Waiting < _options.MaximumWaiting;

    /// <summary>Notes an attempt.</summary>
    /// <param name="source">Who made it.</param>
    /// <param name="attempt">What came of it.</param>
    /// <param name="places">The events, see <see cref="PlaceOf"/>.</param>
    public void Note(AttemptSource source, in Attempt attempt, ReadOnlySpan<long> places)
    {
        lock (_lock)
        {
            _open.Add(source, attempt, places);
            Volatile.Write(ref _waiting, _open.Count);
        }

        Release(_work);
    }

    /// <summary>Notes what befell a range of a partition.</summary>
    /// <param name="source">To whom it matters.</param>
    /// <param name="attempt">What befell it.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="fromOffset">The first offset.</param>
    /// <param name="toOffset">The offset after the last one.</param>
    public void NoteRange(AttemptSource source, in Attempt attempt, int partition, long fromOffset, long toOffset)
    {
        lock (_lock)
        {
            _open.AddRange(source, attempt, partition, fromOffset, toOffset);
            Volatile.Write(ref _waiting, _open.Count);
        }

        Release(_work);
    }

    /// <summary>A place as a number.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The offset.</param>
    public static long PlaceOf(int partition, long offset) => AttemptGroup.PlaceOf(partition, offset);

    /// <summary>Asks to be told when there is room again; at once when there is.</summary>
    /// <param name="onRoom">Called once, on another thread or on this one.</param>
    public void WhenRoom(Action onRoom)
    {
        lock (_lock)
        {
            if (_open.Count >= _options.MaximumWaiting)
            {
                _waitingForRoom.Add(onRoom);
                return;
            }
        }

        onRoom();
    }

    /// <summary>Completes when all that was noted before is stored and survives the machine; with the next group, so that many who ask share one flush.</summary>
    public Task FlushAsync() => WaitAsync(ref _flushed, isUrgent: false);

    /// <summary>Completes when all that was noted before can be read; at once.</summary>
    public Task WriteAsync() => WaitAsync(ref _written, isUrgent: true);

    /// <summary>Stores what waits, if it can be stored, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isClosing = true;
        }

        Release(_work);
        Release(_hurry);
        await _running.ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _work.Dispose();
        _hurry.Dispose();
    }

    private static void Release(SemaphoreSlim signal)
    {
        // One signal is enough for whatever waits; the check spares the lock inside.
        if (signal.CurrentCount == 0)
        {
            try
            {
                signal.Release();
            }
            catch (SemaphoreFullException)
            {
                // Somebody else has just given it.
            }
        }
    }

    private Task WaitAsync(ref TaskCompletionSource? waiting, bool isUrgent)
    {
        Task task;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosing && _running.IsCompleted, this);
            waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            task = waiting.Task;
        }

        Release(_work);
        if (isUrgent)
        {
            Release(_hurry);
        }

        return task;
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await _work.WaitAsync().ConfigureAwait(false);
            if (Waiting < _options.MaximumWaiting / 2)
            {
                await _hurry.WaitAsync(_options.Interval).ConfigureAwait(false);
            }

            if (!await StoreAsync(Take()).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    private Taken Take()
    {
        lock (_lock)
        {
            var taken = new Taken(_open, _written, _flushed, _waitingForRoom);
            _open = _spare;
            Volatile.Write(ref _waiting, 0);
            _waitingForRoom = [];
            (_written, _flushed) = (null, null);
            return taken;
        }
    }

    /// <returns>False when the journal ends.</returns>
    private async Task<bool> StoreAsync(Taken taken)
    {
        var chunks = taken.Group.ToChunks();
        var isFailing = false;
        while (true)
        {
            try
            {
                if (chunks.Count > 0 || taken.Flushed is not null)
                {
                    await _store.AppendAsync(chunks, taken.Flushed is not null).ConfigureAwait(false);
                }

                break;
            }
#pragma warning disable CA1031 // Whatever the store met, what was noted must not be forgotten, and cursors wait for it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (!isFailing)
                {
                    _options.Logger.LogError(
                        exception, "The journal of delivery attempts cannot be written and is tried again; when {Maximum} events wait for it, deliveries wait too",
                        _options.MaximumWaiting);
                }

                isFailing = true;
                if (IsClosing)
                {
                    _options.Logger.LogError("{Count} delivery attempts are not in the journal; integrations repeat what their cursors have not passed", chunks.Count);
                    taken.Fail(exception);
                    return false;
                }

                await Task.Delay(_options.RetryDelay).ConfigureAwait(false);
            }
        }

        Volatile.Write(ref _stored, _stored + chunks.Count);
        taken.Group.Clear();
        _spare = taken.Group;
        taken.Complete();
        lock (_lock)
        {
            return !_isClosing || !_open.IsEmpty || _written is not null || _flushed is not null;
        }
    }

    private bool IsClosing
    {
        get
        {
            lock (_lock)
            {
                return _isClosing;
            }
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Taken(AttemptGroup Group, TaskCompletionSource? Written, TaskCompletionSource? Flushed, List<Action> WaitingForRoom)
    {
        public void Complete()
        {
            Written?.TrySetResult();
            Flushed?.TrySetResult();
            WaitingForRoom.ForEach(onRoom => onRoom());
        }

        public void Fail(Exception exception)
        {
            Written?.TrySetException(exception);
            Flushed?.TrySetException(exception);
            WaitingForRoom.ForEach(onRoom => onRoom());
        }
    }
}

/// <summary>The limits of a journal.</summary>
public sealed record AttemptJournalOptions
{
    /// <summary>Attempts are stored at most so late.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Events noted and not stored before integrations wait; attempts in flight then may still end, so somewhat more can come together.</summary>
    public int MaximumWaiting { get; init; } = 131_072;

    /// <summary>The pause after a store has failed.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The log for operators.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
