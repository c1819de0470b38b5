namespace Holdfast.Log.Commit;

/// <summary>How many appends come in a second, smoothed over some groups. For the commit thread alone.</summary>
internal sealed class ArrivalRate(TimeProvider time)
{
    private const double Weight = 0.1;

    private long _last = time.GetTimestamp();
    private double _perSecond;

    /// <summary>Counts a group.</summary>
    /// <param name="appends">How many appends it holds.</param>
    public void Add(int appends)
    {
        var now = time.GetTimestamp();
        var seconds = time.GetElapsedTime(_last, now).TotalSeconds;
        _last = now;
        if (seconds > 0)
        {
            _perSecond += Weight * ((appends / seconds) - _perSecond);
        }
    }

    /// <summary>How many come in a time, if it goes on like this.</summary>
    public double ExpectedIn(TimeSpan span) => _perSecond * span.TotalSeconds;
}
