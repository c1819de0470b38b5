using System.Diagnostics;
using Holdfast.Server.Bench.Measuring;

namespace Holdfast.Server.Bench.Load;

/// <summary>
/// Tells devices in turn when to publish, at a fixed rate that does not wait for answers. A message that is late because the generator or the
/// broker was busy keeps its intended time, so the wait shows in its latency (no coordinated omission).
/// </summary>
/// <param name="rate">Messages a second.</param>
/// <param name="startedAt">The <see cref="Stopwatch"/> timestamp of the first message.</param>
internal sealed class BenchPacer(int rate, long startedAt)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMicroseconds(100);

    private long _next;

    /// <summary>How much later than intended messages were handed to their connections: the generator's own fault, not the broker's.</summary>
    public LatencyHistogram Lateness { get; } = new();

    /// <summary>The intended time of a message.</summary>
    /// <param name="index">The message, from 0.</param>
    public long IntendedAt(long index) => startedAt + (long)(index * (double)Stopwatch.Frequency / rate);

    /// <summary>Takes the next message that is due.</summary>
    /// <param name="now">The <see cref="Stopwatch"/> timestamp.</param>
    /// <param name="index">The message.</param>
    /// <param name="intended">Its intended time.</param>
    public bool TryTakeDue(long now, out long index, out long intended)
    {
        index = _next;
        intended = IntendedAt(index);
        if (intended > now)
        {
            return false;
        }

        _next++;
        Lateness.Record(intended, now);
        return true;
    }

    /// <summary>Runs on the calling thread until cancelled.</summary>
    /// <param name="publishers">The devices.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public void Run(IReadOnlyList<BenchPublisher> publishers, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            while (TryTakeDue(Stopwatch.GetTimestamp(), out long index, out long intended))
            {
                publishers[(int)(index % publishers.Count)].Offer(intended);
            }

            TimeSpan wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), IntendedAt(_next));
            Pause(wait > ShortestPause ? wait : ShortestPause);
        }
    }

    // Thread.Sleep rounds up to milliseconds, which would send ten messages at once at 10,000 a second; usleep does not.
    private static void Pause(TimeSpan time) => _ = NativeSleep.Sleep((uint)Math.Min(time.TotalMicroseconds, 10_000));
}
