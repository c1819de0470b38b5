namespace Holdfast.Integrations.Delivery;

/// <summary>
/// Exponential back-off with full jitter: receivers that return after an outage are not met by all retries at once. Never gives up.
/// </summary>
internal sealed class RetryDelay(TimeSpan minimum, TimeSpan maximum, Random random)
{
    /// <summary>The pause after so many failures of an event (at least 1): from the minimum up to the minimum doubled with each failure.</summary>
    public TimeSpan After(int failures)
    {
        var doubled = minimum * Math.Pow(2, Math.Min(failures, 30));
        var upper = doubled < maximum ? doubled : maximum;
        return minimum + ((upper - minimum) * random.NextDouble());
    }
}
