namespace Holdfast.Integrations.Delivery;

/// <summary>Keeps an integration at or below a number of events per second. Pure.</summary>
/// <param name="eventsPerSecond">The most; null for no bound.</param>
internal sealed class Pace(int? eventsPerSecond)
{
    /// <summary>What was not used in so short a time may be caught up with; it covers the coarseness of timers.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(100);

    private DateTimeOffset _next = DateTimeOffset.MinValue;

    /// <summary>When the next request may go out.</summary>
    public DateTimeOffset Next => _next;

    /// <summary>Whether a request may go out now.</summary>
    public bool Allows(DateTimeOffset now) => now >= _next;

    /// <summary>A request goes out.</summary>
    public void Sent(int events, DateTimeOffset now)
    {
        if (eventsPerSecond is { } most)
        {
            var from = _next < now - Slack ? now - Slack : _next;
            _next = from + TimeSpan.FromSeconds((double)events / most);
        }
    }
}
