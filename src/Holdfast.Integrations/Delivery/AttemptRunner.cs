using System.Collections.Concurrent;
using Holdfast.Integrations.Receipts;
using Holdfast.Log.Partitions;

namespace Holdfast.Integrations.Delivery;

/// <summary>
/// Attempts the requests that a window hands out, a bounded number at a time. Called by one loop only; the attempts themselves run beside
/// it and report back through a queue that is never longer than the number in flight.
/// </summary>
internal sealed class AttemptRunner(
    DeliveryWindow window, IEventCarrier carrier, IPartitionLog log, EndpointCircuit circuit, Pace pace, RetryDelay retryDelay, TimeProvider timeProvider,
    IntegrationProgress progress, WakeSignal wake) : IDisposable
{
    private readonly ConcurrentQueue<FinishedAttempt> _finished = new();
    private readonly CancellationTokenSource _cancellation = new();
    private int _waitsForRoom;

    /// <summary>Where it is noted whose device wants to know; null when devices are told nothing.</summary>
    public ReceiptBook? Receipts { get; init; }

    /// <summary>The oldest time of receipt that the product keeps now, in Unix milliseconds.</summary>
    public Func<long> Floor { private get; init; } = () => long.MinValue;

    /// <summary>Attempts whose outcome was not collected yet.</summary>
    public int InFlight { get; private set; }

    /// <summary>When <see cref="Start"/> could begin another attempt; null when a finishing attempt or a new event comes first.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            var now = timeProvider.GetUtcNow();
            var held = circuit.HeldUntil(now);
            if (!carrier.IsReady || !MayTellMore || !progress.Recorder.HasRoom || (held is null && !circuit.Allows(InFlight, now)))
            {
                return null;
            }

            var due = window.HasReady ? now : window.NextDue;
            return due is null ? null : Later(Later(due.Value, held), pace.Next);
        }
    }

    /// <summary>When the first failed request is tried again, or the receiver is; null when nothing waits for that.</summary>
    public DateTimeOffset? NextRetry
    {
        get
        {
            var held = circuit.HeldUntil(timeProvider.GetUtcNow());
            return window.NextPostponed is { } postponed ? Later(postponed, held) : held;
        }
    }

    /// <summary>The circuit as it is now.</summary>
    public CircuitState Circuit => circuit.State(timeProvider.GetUtcNow());

    /// <summary>Takes in what has finished since the last call.</summary>
    public void Collect()
    {
        while (_finished.TryDequeue(out var finished))
        {
            InFlight--;
            progress.Recorder.Attempted(finished.Request, finished.Outcome, finished.StartedAt, finished.Duration);
            Settle(finished.Request, finished.Outcome);
        }
    }

    /// <summary>Starts attempts while the limits allow. What has expired or left the log meanwhile is counted and not attempted.</summary>
    public void Start()
    {
        var now = timeProvider.GetUtcNow();
        while (carrier.IsReady && MayTellMore && HasRoom() && circuit.Allows(InFlight, now) && pace.Allows(now) && window.TryTake(now, out var taken))
        {
            TakeOutWhatIsGone(taken, now);
            if (taken.Events.Count > 0)
            {
                InFlight++;
                pace.Sent(taken.Events.Count, now);
                _ = AttemptAsync(taken);
            }
        }
    }

    /// <summary>Ends the attempts in flight. Those that end without success are not counted as failures.</summary>
    public void Cancel() => _cancellation.Cancel();

    public void Dispose()
    {
        _cancellation.Dispose();
        carrier.Dispose();
    }

    /// <summary>Publishing receipts wakes the loop when it is done.</summary>
    private bool MayTellMore => Receipts?.HasRoom ?? true;

    /// <summary>Whether the journal keeps up; when it does not, the loop is woken once it does.</summary>
    private bool HasRoom()
    {
        if (progress.Recorder.HasRoom)
        {
            return true;
        }

        if (Interlocked.Exchange(ref _waitsForRoom, 1) == 0)
        {
            progress.Recorder.WhenRoom(() =>
            {
                Volatile.Write(ref _waitsForRoom, 0);
                wake.Set();
            });
        }

        return false;
    }

    private static DateTimeOffset Later(DateTimeOffset time, DateTimeOffset? other) => other > time ? other.Value : time;

    private void Settle(OutstandingRequest request, AttemptOutcome outcome)
    {
        switch (outcome.Result)
        {
            case AttemptResult.Delivered:
                circuit.Succeeded();
                progress.Delivered(request.Events.Count);
                Tell(request, isDelivered: true);
                window.Confirm(request);
                break;
            case AttemptResult.DeadLettered:
                circuit.Succeeded();
                progress.DeadLettered(request.Events.Count, outcome.Error);
                Tell(request, isDelivered: false);
                window.Confirm(request);
                break;
            case AttemptResult.Refused when request.Events.Count > 1:
                circuit.Succeeded();
                progress.AttemptFailed(outcome.Error);
                window.Split(request);
                break;
            case var _ when !_cancellation.IsCancellationRequested:
                Postpone(request, outcome);
                break;
        }
    }

    private void Tell(OutstandingRequest request, bool isDelivered)
    {
        foreach (var one in request.Events)
        {
            Receipts?.Settled(one, isDelivered);
        }
    }

    private void Postpone(OutstandingRequest request, AttemptOutcome outcome)
    {
        var now = timeProvider.GetUtcNow();
        request.Failures++;
        progress.AttemptFailed(outcome.Error);
        circuit.Failed(now, outcome.RetryAfter);
        window.Postpone(request, Later(now + retryDelay.After(request.Failures), now + outcome.RetryAfter));
    }

    private void TakeOutWhatIsGone(OutstandingRequest request, DateTimeOffset now)
    {
        var floor = Floor();
        for (var i = request.Events.Count - 1; i >= 0; i--)
        {
            var one = request.Events[i];
            if (one.Offset < log.FirstOffset(one.Partition) || one.ReceivedAtMilliseconds < floor)
            {
                progress.Trimmed(one.Partition, one.Offset, one.Offset + 1);
            }
            else if (one.ExpiresAtMilliseconds != 0 && one.ExpiresAtMilliseconds <= now.ToUnixTimeMilliseconds())
            {
                progress.Expired();
                progress.Recorder.Expired(one);
            }
            else
            {
                continue;
            }

            Receipts?.Settled(one, isDelivered: false);
            window.Drop(request, one);
        }
    }

    private async Task AttemptAsync(OutstandingRequest attempted)
    {
        var startedAt = timeProvider.GetUtcNow();
        var started = timeProvider.GetTimestamp();
        AttemptOutcome outcome;
        try
        {
            outcome = await carrier.CarryAsync(attempted, _cancellation.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // An attempt that ends in an unforeseen way is a failed attempt; its events must not be forgotten.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            outcome = AttemptOutcome.Unanswered($"{exception.GetType().Name}: {exception.Message}");
        }

        var duration = timeProvider.GetElapsedTime(started);
        progress.Attempted(duration);
        _finished.Enqueue(new FinishedAttempt(attempted, outcome, startedAt, duration));
        wake.Set();
    }

    private readonly record struct FinishedAttempt(OutstandingRequest Request, AttemptOutcome Outcome, DateTimeOffset StartedAt, TimeSpan Duration);
}
