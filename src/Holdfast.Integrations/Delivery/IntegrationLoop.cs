using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Receipts;
using Holdfast.Log.Attempts;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations.Delivery;

/// <summary>
/// One integration at work: reads ahead, attempts, confirms, saves its cursor. A single loop owns the window, so nothing here is locked.
/// Each integration has its own loop and its own connections: a slow or dead receiver delays nobody else.
/// </summary>
internal sealed class IntegrationLoop : IDisposable
{
    private readonly IntegrationEnvironment _environment;
    private readonly StoredIntegration _integration;
    private readonly DeliveryScope _scope;
    private readonly IEventForm _form;
    private readonly DeliveryWindow _window;
    private readonly EventReader _reader;
    private readonly AttemptRunner _attempts;
    private readonly CursorSaver _saver;
    private readonly ReceiptBook? _receipts;
    private readonly FeedWatch _feedWatch;
    private readonly WakeSignal _wake;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stop = new();
    private readonly long[] _cursor;
    private readonly long[] _wanted;
    private Task _run = Task.CompletedTask;
    private long _oldestWaiting;
    private long _nextAttemptTicks;
    private int _circuit;

    public IntegrationLoop(IntegrationEnvironment environment, StoredIntegration integration, DeliveryJob job, Random random, IntegrationMetrics metrics)
    {
        var limits = environment.Limits;
        var partitionCount = environment.Log.PartitionCount;
        _environment = environment;
        _integration = integration;
        _cursor = [.. integration.Cursor];
        _wanted = new long[partitionCount];
        Progress = new IntegrationProgress(integration.Product, integration.Name, metrics, environment.TimeProvider, environment.Logger)
        {
            Recorder = new AttemptRecorder(
                environment.Attempts, new AttemptSource(integration.Product, integration.Name, job.ReplayOf), environment.TimeProvider),
        };
        _scope = job.Scope;
        _wake = job.Wake;
        _form = job.Form;
        _window = new DeliveryWindow(partitionCount, limits, job.Shape);
        _receipts = environment.Retained is { } retained && job.ReplayOf.Length == 0
            ? new ReceiptBook(new ReceiptPublisher(integration.Product, integration.Name, retained, environment), environment, Progress, _wake)
            : null;
        _reader = new EventReader(
            environment.Log, environment.Feed, _scope, _window, _form, limits, environment.TimeProvider, Progress, integration.Cursor)
        {
            ReceiptsOf = _receipts is null ? null : integration.Name,
            Floor = Floor,
        };
        var retryDelay = new RetryDelay(limits.MinimumRetryDelay, limits.MaximumRetryDelay, random);
        var circuit = new EndpointCircuit(job.AttemptsInFlight, limits.FailuresToOpenCircuit, retryDelay);
        var pace = new Pace(job.EventsPerSecond);
        _attempts = new AttemptRunner(
            _window, job.Carrier, environment.Log, circuit, pace, retryDelay, environment.TimeProvider, Progress, _wake) { Receipts = _receipts, Floor = Floor };
        _saver = new CursorSaver(environment, integration, _wake);
        _feedWatch = new FeedWatch(environment.Feed, partitionCount, _wake);
        _timer = environment.TimeProvider.CreateTimer(_ => _wake.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public IntegrationProgress Progress { get; }

    /// <summary>What the loop does now, for a status.</summary>
    public IntegrationState State
        => IsCompleted ? IntegrationState.Completed
            : _run.IsCompleted ? IntegrationState.Stopped
            : NextAttemptAt is not null ? IntegrationState.Retrying
            : Behind > 0 ? IntegrationState.Delivering
            : IntegrationState.Idle;

    /// <summary>Whether everything up to the end of its scope is delivered, and its cursor saved; one without an end never is.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>Whether the receiver is spared now, because it fails.</summary>
    public CircuitState Circuit => (CircuitState)Volatile.Read(ref _circuit);

    /// <summary>Records between the cursor and the end of what was announced.</summary>
    public long Behind
    {
        get
        {
            long behind = 0;
            for (var partition = 0; partition < _cursor.Length; partition++)
            {
                if (_scope.Includes(partition))
                {
                    var end = Math.Min(_environment.Feed.AnnouncedOffset(partition), _scope.End(partition));
                    behind += Math.Max(0, end - Volatile.Read(ref _cursor[partition]));
                }
            }

            return behind;
        }
    }

    /// <summary>A copy of the confirmed offsets.</summary>
    public long[] Cursor
    {
        get
        {
            var copy = new long[_cursor.Length];
            for (var partition = 0; partition < copy.Length; partition++)
            {
                copy[partition] = Volatile.Read(ref _cursor[partition]);
            }

            return copy;
        }
    }

    /// <summary>When the oldest unconfirmed event was received; null when none waits.</summary>
    public DateTimeOffset? OldestWaiting
        => Volatile.Read(ref _oldestWaiting) is > 0 and var milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    /// <summary>When the first of the failed events is due; null when there is none.</summary>
    public DateTimeOffset? NextAttemptAt
        => Volatile.Read(ref _nextAttemptTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>About how many bytes of the log that are.</summary>
    public long BehindBytes => Backlog.EstimateBytes(_environment.Log, Behind);

    public void Start() => _run = Task.Run(RunAsync);

    /// <summary>Delivers nothing, but finds out since when something waits.</summary>
    public void StartPaused() => _run = Task.Run(FindOldestWaitingAsync);

    /// <summary>Lets the attempts in flight finish within the limit, saves the exact cursor, and ends.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(false);
        using var grace = new CancellationTokenSource(_environment.Limits.StopGrace, _environment.TimeProvider);
        await FinishAttemptsAsync(grace.Token).ConfigureAwait(false);
        await EndAttemptsAsync().ConfigureAwait(false);
        await (_receipts?.FlushAsync() ?? Task.CompletedTask).ConfigureAwait(false);
        PublishPosition();
        await _saver.SaveLastAsync(_cursor).ConfigureAwait(false);
    }

    /// <summary>Ends at once, without a trace: the integration was removed.</summary>
    public async Task AbandonAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(false);
        await EndAttemptsAsync().ConfigureAwait(false);
        await _saver.WaitAsync().ConfigureAwait(false);
    }

    public void Dispose()
    {
        _timer.Dispose();
        _feedWatch.Dispose();
        _attempts.Dispose();
        _form.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested && !IsCompleted)
        {
            try
            {
                await StepAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it met (an unreadable log, say), an integration must not stop for good in silence.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Progress.Met($"{exception.GetType().Name}: {exception.Message}");
                _environment.Logger.LogError(
                    exception, "Integration {Product}/{Integration} failed and goes on after a pause.", _integration.Product, _integration.Name);
                await PauseAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task FindOldestWaitingAsync()
    {
        try
        {
            var wanted = _cursor.Select((offset, partition) => _scope.Includes(partition) ? offset : long.MaxValue).ToArray();
            long oldest;
            while ((oldest = await Backlog.FindOldestAsync(_environment, _scope, _cursor, _stop.Token).ConfigureAwait(false)) == 0)
            {
                await _environment.Feed.WaitAsync(wanted, _stop.Token).ConfigureAwait(false);
            }

            Volatile.Write(ref _oldestWaiting, oldest);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // No longer paused, or the end.
        }
#pragma warning disable CA1031 // Whatever it met, it is only not known how old the oldest is; what waits is not touched.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Progress.Met($"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        _attempts.Collect();
        await ReadAsync(cancellationToken).ConfigureAwait(false);
        _window.Merge(_reader.HasMore);
        _attempts.Start();
        _receipts?.Offer(_environment.TimeProvider.GetUtcNow());
        PublishPosition();
        if (_reader.IsAtEnd && _attempts.InFlight == 0 && _cursor.Select((_, partition) => _window.Oldest(partition)).All(oldest => oldest is null))
        {
            await _saver.SaveLastAsync(_cursor).ConfigureAwait(false);
            IsCompleted = true;
            return;
        }

        _saver.Offer(_cursor, _environment.TimeProvider.GetUtcNow());
        if (_reader.CanRead())
        {
            return;
        }

        _reader.CopyWantedTo(_wanted);
        _feedWatch.Watch(_wanted);
        ArmTimer();
        await _wake.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private long Floor() => _environment.Floors.FloorOf(_integration.Product);

    private async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        if (!_reader.CanRead())
        {
            // Partitions that it wants nothing of are passed, which costs nothing.
            await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        await _environment.ReadPlaces.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _environment.ReadPlaces.Release();
        }
    }

    /// <summary>Shows readers of the status where the loop is.</summary>
    private void PublishPosition()
    {
        long oldest = 0;
        for (var partition = 0; partition < _cursor.Length; partition++)
        {
            Volatile.Write(ref _cursor[partition], Math.Min(_reader.Confirmed(partition), _receipts?.Bound(partition) ?? long.MaxValue));
            if (_window.Oldest(partition) is { } waiting && (oldest == 0 || waiting.ReceivedAtMilliseconds < oldest))
            {
                oldest = waiting.ReceivedAtMilliseconds;
            }
        }

        Volatile.Write(ref _oldestWaiting, oldest);
        Volatile.Write(ref _nextAttemptTicks, _attempts.NextRetry?.UtcTicks ?? 0);
        Volatile.Write(ref _circuit, (int)_attempts.Circuit);
    }

    private void ArmTimer()
    {
        var due = Earlier(Earlier(_attempts.NextDue, _saver.NextDue), _receipts?.NextDue);
        var wait = due is { } time ? time - _environment.TimeProvider.GetUtcNow() : Timeout.InfiniteTimeSpan;
        _timer.Change(due is not null && wait < TimeSpan.Zero ? TimeSpan.Zero : wait, Timeout.InfiniteTimeSpan);
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(_environment.Limits.MinimumRetryDelay, _environment.TimeProvider, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The loop's condition ends it.
        }
    }

    private async Task FinishAttemptsAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                _attempts.Collect();
                if (_attempts.InFlight == 0)
                {
                    return;
                }

                await _wake.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The grace is over.
        }
    }

    private async Task EndAttemptsAsync()
    {
        _attempts.Cancel();
        await FinishAttemptsAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
