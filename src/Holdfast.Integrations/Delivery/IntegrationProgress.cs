using System.Diagnostics;
using Holdfast.Log.Attempts;
using Holdfast.Log.Partitions;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations.Delivery;

/// <summary>
/// What one integration has achieved and met: counted for its status, counted in the metrics, and for losses said once in the log.
/// Written by the integration's loop, read by anyone.
/// </summary>
internal sealed class IntegrationProgress(string product, string name, IntegrationMetrics metrics, TimeProvider timeProvider, ILogger logger)
{
    private readonly TagList _tags = IntegrationMetrics.Tags(product, name);
    private long _delivered;
    private long _deadLettered;
    private long _failedAttempts;
    private long _expired;
    private long _trimmedUnread;
    private long _damagedUnread;
    private IntegrationError? _lastError;

    /// <summary>Notes each attempt and each loss in the journal.</summary>
    public AttemptRecorder Recorder { get; init; } = new(null, new AttemptSource(product, name), timeProvider);

    public long DeliveredCount => Volatile.Read(ref _delivered);

    public long DeadLetteredCount => Volatile.Read(ref _deadLettered);

    public long FailedAttemptCount => Volatile.Read(ref _failedAttempts);

    public long ExpiredCount => Volatile.Read(ref _expired);

    public long TrimmedUnreadCount => Volatile.Read(ref _trimmedUnread);

    public long DamagedUnreadCount => Volatile.Read(ref _damagedUnread);

    public IntegrationError? LastError => Volatile.Read(ref _lastError);

    public void Attempted(TimeSpan duration) => metrics.AttemptDuration.Record(duration.TotalSeconds, _tags);

    public void Delivered(int events)
    {
        Interlocked.Add(ref _delivered, events);
        metrics.Delivered.Add(events, _tags);
    }

    /// <summary>Events were refused for good, and are stored as such.</summary>
    public void DeadLettered(int events, string error)
    {
        Met(error);
        Interlocked.Add(ref _deadLettered, events);
        metrics.DeadLettered.Add(events, _tags);
        logger.LogWarning("Integration {Product}/{Integration}: refused for good, now a dead letter: {Error}.", product, name, error);
    }

    public void AttemptFailed(string error)
    {
        Met(error);
        Interlocked.Increment(ref _failedAttempts);
        metrics.FailedAttempts.Add(1, _tags);
    }

    /// <summary>Something failed that is not an attempt.</summary>
    public void Met(string error) => Volatile.Write(ref _lastError, new IntegrationError(error, timeProvider.GetUtcNow()));

    public void Expired()
    {
        Interlocked.Increment(ref _expired);
        metrics.Expired.Add(1, _tags);
    }

    /// <summary>A range of the log can no longer be read.</summary>
    public void Lost(LogGap gap)
    {
        if (gap.Reason == LogGapReason.Trimmed)
        {
            Trimmed(gap.Partition, gap.FromOffset, gap.ToOffset);
            return;
        }

        var records = gap.ToOffset - gap.FromOffset;
        Interlocked.Add(ref _damagedUnread, records);
        Recorder.Lost(AttemptKind.Damaged, gap.Partition, gap.FromOffset, gap.ToOffset);
        metrics.DamagedUnread.Add(records, _tags);
        logger.LogError(
            "Integration {Product}/{Integration}: damaged unread: partition {Partition}, offsets {From} to {To}, {Place}.",
            product, name, gap.Partition, gap.FromOffset, gap.ToOffset - 1, gap.Place);
    }

    /// <summary>Events fell below their product's floor before they were delivered.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="places">The events, see <see cref="AttemptJournal.PlaceOf"/>; at least one.</param>
    public void Trimmed(int partition, ReadOnlySpan<long> places)
    {
        Interlocked.Add(ref _trimmedUnread, places.Length);
        Recorder.Lost(AttemptKind.Trimmed, places);
        metrics.TrimmedUnread.Add(places.Length, _tags);
        logger.LogWarning(
            "Integration {Product}/{Integration}: trimmed unread: {Events} events of partition {Partition}, which the product no longer keeps.",
            product, name, places.Length, partition);
    }

    /// <summary>Retention removed what was not delivered yet.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="fromOffset">The first offset of the range.</param>
    /// <param name="toOffset">The offset after the range.</param>
    public void Trimmed(int partition, long fromOffset, long toOffset)
    {
        var records = toOffset - fromOffset;
        Interlocked.Add(ref _trimmedUnread, records);
        Recorder.Lost(AttemptKind.Trimmed, partition, fromOffset, toOffset);
        metrics.TrimmedUnread.Add(records, _tags);
        logger.LogWarning(
            "Integration {Product}/{Integration}: trimmed unread: partition {Partition}, offsets {From} to {To}.",
            product, name, partition, fromOffset, toOffset - 1);
    }
}

/// <summary>The last thing that went wrong.</summary>
internal sealed record IntegrationError(string Text, DateTimeOffset At);
