using System.Diagnostics;

namespace Holdfast.Transport.Sockets;

/// <summary>
/// Lets what comes from many who seldom send gather for a moment: to be woken for each message would cost more than the message. Who sends often may be
/// waiting for answers, or brings many messages at once; for those there is no pause. Belongs to one loop.
/// </summary>
internal sealed class Gathering
{
    /// <summary>How long a pause is. A publisher waits for the flush of its message to disk longer than that.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <summary>A pause pays when at least so many sockets are expected to have something meanwhile.</summary>
    private const double WorthPausing = 3;

    /// <summary>Who was told of within this time sends often.</summary>
    private static readonly long Often = Stopwatch.Frequency / 200;

    private static readonly long PauseTicks = (long)(Pause.TotalSeconds * Stopwatch.Frequency);

    private readonly double _weight = 0.1;
    private double _perTick;
    private long _last;
    private int _seldom;

    /// <summary>A socket has something.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="now">The time, in ticks of the stopwatch.</param>
    public void Count(DirectSocket socket, long now)
    {
        if (now - socket.LastEvent > Often)
        {
            _seldom++;
        }

        socket.LastEvent = now;
    }

    /// <summary>All were told. Pauses when that pays.</summary>
    /// <param name="began">When this turn began.</param>
    public void EndTurn(long began)
    {
        var span = Math.Max(1, began - _last);
        _perTick += _weight * (((double)_seldom / span) - _perTick);
        _last = began;
        _seldom = 0;

        // A loop that was busy for that long has let enough gather.
        if (_perTick * PauseTicks >= WorthPausing && Stopwatch.GetTimestamp() - began < PauseTicks / 2)
        {
            Thread.Sleep(Pause);
        }
    }
}
