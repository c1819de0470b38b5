using System.Collections.Concurrent;
using Holdfast.Log.Partitions;

namespace Holdfast.Integrations.Delivery;

/// <summary>
/// Attempts the events that a window hands out, a bounded number at a time. Called by one loop only; the attempts themselves run beside
/// it and report back through a queue that is never longer than the number in flight.
/// </summary>
internal sealed class AttemptRunner(
    DeliveryWindow window, IEventSender sender, IPartitionLog log, RetryDelay retryDelay, IntegrationLimits limits, TimeProvider timeProvider,
    IntegrationProgress progress, WakeSignal wake) : IDisposable
{
    private readonly ConcurrentQueue<FinishedAttempt> _finished = new();
    private readonly CancellationTokenSource _cancellation = new();

    /// <summary>Attempts whose outcome was not collected yet.</summary>
    public int InFlight { get; private set; }

    /// <summary>When the next failed event is due while there is room to attempt it; else null: a finishing attempt comes first.</summary>
    public DateTimeOffset? NextDue => InFlight < limits.AttemptsInFlight ? window.NextDue : null;

    /// <summary>Takes in what has finished since the last call.</summary>
    public void Collect()
    {
        while (_finished.TryDequeue(out var finished))
        {
            InFlight--;
            if (finished.Error is null)
            {
                progress.Delivered();
                window.Confirm(finished.Event);
            }
            else if (!_cancellation.IsCancellationRequested)
            {
                finished.Event.Failures++;
                progress.AttemptFailed(finished.Error);
                window.Postpone(finished.Event, timeProvider.GetUtcNow() + retryDelay.After(finished.Event.Failures));
            }
        }
    }

    /// <summary>Starts attempts while the limit allows. What has expired or left the log meanwhile is counted and not attempted.</summary>
    public void Start()
    {
        var now = timeProvider.GetUtcNow();
        while (InFlight < limits.AttemptsInFlight && window.TryTake(now, out var taken))
        {
            if (taken.Offset < log.FirstOffset(taken.Partition))
            {
                progress.Trimmed(taken.Partition, taken.Offset, taken.Offset + 1);
                window.Confirm(taken);
            }
            else if (taken.ExpiresAtMilliseconds != 0 && taken.ExpiresAtMilliseconds <= now.ToUnixTimeMilliseconds())
            {
                progress.Expired();
                window.Confirm(taken);
            }
            else
            {
                InFlight++;
                _ = AttemptAsync(taken);
            }
        }
    }

    /// <summary>Ends the attempts in flight. Those that end without success are not counted as failures.</summary>
    public void Cancel() => _cancellation.Cancel();

    public void Dispose()
    {
        _cancellation.Dispose();
        sender.Dispose();
    }

    private async Task AttemptAsync(OutstandingEvent attempted)
    {
        var startedAt = timeProvider.GetTimestamp();
        string? error;
        try
        {
            error = await sender.SendAsync(attempted, _cancellation.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // An attempt that ends in an unforeseen way is a failed attempt; its event must not be forgotten.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            error = $"{exception.GetType().Name}: {exception.Message}";
        }

        progress.Attempted(timeProvider.GetElapsedTime(startedAt));
        _finished.Enqueue(new FinishedAttempt(attempted, error));
        wake.Set();
    }

    private readonly record struct FinishedAttempt(OutstandingEvent Event, string? Error);
}
