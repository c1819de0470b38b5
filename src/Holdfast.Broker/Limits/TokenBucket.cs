namespace Holdfast.Broker.Limits;

/// <summary>
/// A rate that is shared: whoever takes is told how long to wait before taking again, so each waits behind those who came before. A second's worth is saved up. Thread-safe.
/// </summary>
/// <param name="perSecond">The rate.</param>
/// <param name="time">The clock.</param>
public sealed class TokenBucket(long perSecond, TimeProvider time)
{
    /// <summary>What is owed at most, in seconds of the rate: a debt that nobody can pay would shut out everybody who comes later.</summary>
    private const double MaximumDebtSeconds = 60;

    private readonly Lock _lock = new();
    private double _tokens = perSecond;
    private long _at = time.GetTimestamp();

    /// <summary>The rate.</summary>
    public long PerSecond => perSecond;

    /// <summary>Whether nothing was taken for so long that it is as new.</summary>
    public bool IsFull
    {
        get
        {
            lock (_lock)
            {
                Fill();
                return _tokens >= perSecond;
            }
        }
    }

    /// <summary>Takes, also what is not there yet.</summary>
    /// <param name="count">How much.</param>
    /// <returns>How long until it is there; zero when it was.</returns>
    public TimeSpan Take(double count)
    {
        lock (_lock)
        {
            Fill();
            _tokens = Math.Max(_tokens - count, -MaximumDebtSeconds * perSecond);
            return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / perSecond);
        }
    }

    /// <summary>Gives back what was taken and not used.</summary>
    /// <param name="count">How much.</param>
    public void GiveBack(double count)
    {
        lock (_lock)
        {
            _tokens = Math.Min(perSecond, _tokens + count);
        }
    }

    private void Fill()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(perSecond, _tokens + (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
        _at = now;
    }
}
