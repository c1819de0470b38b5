using System.Diagnostics;

namespace Holdfast.Transport.Sockets;

/// <summary>
/// Says when it pays to let what comes from many who seldom send gather for a moment: to be woken for each message would cost more than the message. Who
/// sends often may be waiting for answers, or brings many messages at once; for those there is no pause. Belongs to one loop; times are ticks of the stopwatch.
/// </summary>
internal sealed class Gathering
{
    /// <summary>How long a pause is at most. A publisher waits for the flush of its message to disk about as long.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <summary>A pause pays when at least so many sockets are expected to have something meanwhile.</summary>
    private const double WorthPausing = 3;

    /// <summary>How much the last turn counts beside those before it.</summary>
    private const double Weight = 0.1;

    /// <summary>Who had something within this time has something often.</summary>
    private static readonly long Often = Stopwatch.Frequency / 200;

    private static readonly long PauseTicks = (long)(Pause.TotalSeconds * Stopwatch.Frequency);

    private double _perTick;
    private long _last;
    private int _seldom;

    /// <summary>A socket has something.</summary>
    /// <param name="sinceLast">How long ago it had something before.</param>
    public void Count(long sinceLast)
    {
        if (sinceLast > Often)
        {
            _seldom++;
        }
    }

    /// <summary>All of this turn were told.</summary>
    /// <param name="began">When the turn began.</param>
    /// <param name="ended">When it ended.</param>
    /// <returns>Whether a pause pays now.</returns>
    public bool EndTurn(long began, long ended)
    {
        var span = Math.Max(1, began - _last);
        _perTick += Weight * (((double)_seldom / span) - _perTick);
        _last = began;
        _seldom = 0;

        // While a loop was busy for that long enough has gathered.
        return _perTick * PauseTicks >= WorthPausing && ended - began < PauseTicks / 2;
    }
}
