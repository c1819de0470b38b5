using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Limits;

/// <summary>
/// Makes drops and refusals visible in the log: the first of a kind at once, those after it by one line a minute that counts them. Thread-safe; what is noted for the millionth time costs an addition.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="logger">The log for operators.</param>
public sealed class RefusalLog(TimeProvider time, ILogger logger)
{
    /// <summary>How often each kind is told.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string What, string Reason), Kind> _kinds = [];

    /// <summary>Something was dropped or refused.</summary>
    /// <param name="what">What, such as <c>connect</c>.</param>
    /// <param name="reason">Why, of few that there are: the label of the metric.</param>
    /// <param name="example">What the first of them is told with.</param>
    /// <param name="count">How many.</param>
    public void Note(string what, string reason, string example, long count = 1)
    {
        var kind = _kinds.GetOrAdd((what, reason), static _ => new Kind());
        if (Volatile.Read(ref kind.IsTold) != 0 || Interlocked.Exchange(ref kind.IsTold, 1) != 0)
        {
            Interlocked.Add(ref kind.Untold, count);
        }
        else
        {
            kind.ToldAt = time.GetTimestamp();
            logger.LogWarning("Refused or dropped: {What}, {Reason}: {Example} What follows of this kind is counted and told once a minute", what, reason, example);
        }
    }

    /// <summary>Tells what was counted since. Called now and then.</summary>
    public void Tell()
    {
        foreach (var ((what, reason), kind) in _kinds)
        {
            if (kind.IsTold == 0 || time.GetElapsedTime(kind.ToldAt) < Interval)
            {
                continue;
            }

            kind.ToldAt = time.GetTimestamp();
            var count = Interlocked.Exchange(ref kind.Untold, 0);
            if (count > 0)
            {
                logger.LogWarning("Refused or dropped: {What}, {Reason}: {Count} more in the last minute", what, reason, count);
            }
            else
            {
                // It has ended; the next is told at once again.
                Volatile.Write(ref kind.IsTold, 0);
            }
        }
    }

    private sealed class Kind
    {
        public long Untold;
        public long ToldAt;
        public int IsTold;
    }
}
