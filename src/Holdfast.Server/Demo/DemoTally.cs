namespace Holdfast.Server.Demo;

/// <summary>Who received an event.</summary>
internal enum Sink
{
    /// <summary>The MQTT subscriber with its persistent session.</summary>
    Subscriber,

    /// <summary>The webhook's receiver.</summary>
    Webhook,
}

/// <summary>
/// Counts by the generator's own sequences, never by what the broker says. Safe for concurrent use.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class DemoTally(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly HashSet<EventKey> _acknowledged = [];
    private readonly Dictionary<EventKey, string?>[] _delivered = [[], []];
    private readonly long[] _redelivered = new long[2];
    private long _published;
    private long _storedTwice;
    private long _foreign;
    private long? _lastAcknowledgedAt;
    private TimeSpan _longestPause;

    /// <summary>A device made an event and sends it for the first time.</summary>
    public void Published() => Interlocked.Increment(ref _published);

    /// <summary>The broker acknowledged an event.</summary>
    /// <param name="key">The event.</param>
    public void Acknowledged(EventKey key)
    {
        lock (_lock)
        {
            _acknowledged.Add(key);
            MeasurePause();
        }
    }

    /// <summary>The end of publishing is the end of the last pause.</summary>
    public void StopMeasuringPauses()
    {
        lock (_lock)
        {
            MeasurePause();
            _lastAcknowledgedAt = null;
        }
    }

    /// <summary>A sink received an event.</summary>
    /// <param name="sink">Which.</param>
    /// <param name="key">The event; null when what arrived has no stream and sequence.</param>
    /// <param name="eventId">The broker's id of it, where the sink is told; two ids for one key mean that it was stored twice.</param>
    public void Delivered(Sink sink, EventKey? key, string? eventId)
    {
        lock (_lock)
        {
            if (key is not { } known)
            {
                _foreign++;
            }
            else if (_delivered[(int)sink].TryAdd(known, eventId))
            {
                return;
            }
            else
            {
                _redelivered[(int)sink]++;
                _storedTwice += _delivered[(int)sink][known] != eventId ? 1 : 0;
            }
        }
    }

    /// <summary>The figures now.</summary>
    public DemoFigures Read()
    {
        lock (_lock)
        {
            return new DemoFigures
            {
                Published = Interlocked.Read(ref _published),
                Acknowledged = _acknowledged.Count,
                DeliveredToSubscriber = _delivered[(int)Sink.Subscriber].Count,
                DeliveredToWebhook = _delivered[(int)Sink.Webhook].Count,
                LostToSubscriber = Missing(Sink.Subscriber).Count(),
                LostToWebhook = Missing(Sink.Webhook).Count(),
                DuplicatesAfterDeduplication = _storedTwice + _foreign,
                RedeliveredToSubscriber = _redelivered[(int)Sink.Subscriber],
                RedeliveredToWebhook = _redelivered[(int)Sink.Webhook],
                LongestPause = _longestPause,
            };
        }
    }

    /// <summary>The acknowledged events that a sink has not received.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="count">At most so many.</param>
    public IReadOnlyList<EventKey> Lost(Sink sink, int count)
    {
        lock (_lock)
        {
            return [.. Missing(sink).Take(count)];
        }
    }

    private IEnumerable<EventKey> Missing(Sink sink) => _acknowledged.Where(key => !_delivered[(int)sink].ContainsKey(key));

    private void MeasurePause()
    {
        long now = time.GetTimestamp();
        if (_lastAcknowledgedAt is { } last && time.GetElapsedTime(last, now) is var pause && pause > _longestPause)
        {
            _longestPause = pause;
        }

        _lastAcknowledgedAt = now;
    }
}

/// <summary>The figures of a demonstration.</summary>
internal sealed record DemoFigures
{
    /// <summary>Events that devices made and sent.</summary>
    public long Published { get; init; }

    /// <summary>Events that the broker acknowledged.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Different events that the subscriber received.</summary>
    public long DeliveredToSubscriber { get; init; }

    /// <summary>Different events that the webhook received.</summary>
    public long DeliveredToWebhook { get; init; }

    /// <summary>Acknowledged events that the subscriber did not receive.</summary>
    public long LostToSubscriber { get; init; }

    /// <summary>Acknowledged events that the webhook did not receive.</summary>
    public long LostToWebhook { get; init; }

    /// <summary>
    /// What a receiver that drops repeated sequences cannot tell from new events: events stored twice (one sequence under two event ids), and events
    /// that arrived without their sequence.
    /// </summary>
    public long DuplicatesAfterDeduplication { get; init; }

    /// <summary>Repeated deliveries to the subscriber, which "at least once" allows; a receiver drops them by sequence.</summary>
    public long RedeliveredToSubscriber { get; init; }

    /// <summary>Repeated deliveries to the webhook, which "at least once" allows; a receiver drops them by sequence.</summary>
    public long RedeliveredToWebhook { get; init; }

    /// <summary>The longest time in which no device got an acknowledgement.</summary>
    public TimeSpan LongestPause { get; init; }

    /// <summary>Acknowledged but not delivered to at least one of the two, counted per sink.</summary>
    public long Lost => LostToSubscriber + LostToWebhook;
}
