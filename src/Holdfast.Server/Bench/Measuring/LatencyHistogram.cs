using System.Diagnostics;
using System.Numerics;

namespace Holdfast.Server.Bench.Measuring;

/// <summary>
/// Counts latencies in buckets that grow with the value: 64 per power of two, so a percentile is at most 1.6 % too high, and never too low.
/// Recording allocates nothing. One thread at a time may record; others may read meanwhile, and then miss at most what is being recorded.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBucketBits = 6;
    private const int SubBuckets = 1 << SubBucketBits;
    private const int Magnitudes = 40;

    private readonly long[] _counts = new long[(Magnitudes + 1) * SubBuckets];

    /// <summary>Latencies recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The largest.</summary>
    public TimeSpan Maximum { get; private set; }

    /// <summary>Records a latency; a negative one, which only a clock that went back can give, counts as zero.</summary>
    /// <param name="latency">The latency.</param>
    public void Record(TimeSpan latency)
    {
        _counts[BucketOf(Math.Max(0, latency.Ticks))]++;
        Count++;
        if (latency > Maximum)
        {
            Maximum = latency;
        }
    }

    /// <summary>Records the time from one <see cref="Stopwatch.GetTimestamp"/> to another.</summary>
    /// <param name="from">The earlier.</param>
    /// <param name="to">The later.</param>
    public void Record(long from, long to) => Record(Stopwatch.GetElapsedTime(from, to));

    /// <summary>Adds another's counts to this one's.</summary>
    /// <param name="other">The other, which may be recording meanwhile.</param>
    public void Add(LatencyHistogram other)
    {
        for (int index = 0; index < _counts.Length; index++)
        {
            long count = other._counts[index];
            _counts[index] += count;
            Count += count;
        }

        Maximum = other.Maximum > Maximum ? other.Maximum : Maximum;
    }

    /// <summary>What was recorded after an earlier state of this histogram; its maximum is at most 1.6 % too high, and never too low.</summary>
    /// <param name="earlier">The earlier state.</param>
    public LatencyHistogram Since(LatencyHistogram earlier)
    {
        var later = new LatencyHistogram();
        for (int index = 0; index < _counts.Length; index++)
        {
            long count = _counts[index] - earlier._counts[index];
            later._counts[index] = count;
            later.Count += count;
            if (count > 0)
            {
                later.Maximum = LargestIn(index);
            }
        }

        return later;
    }

    /// <summary>The latency that a share of all does not exceed; zero when none was recorded.</summary>
    /// <param name="share">From 0 to 1, such as 0.99.</param>
    public TimeSpan Percentile(double share)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (int index = 0; index < _counts.Length; index++)
        {
            seen += _counts[index];
            if (seen >= rank && _counts[index] > 0)
            {
                return LargestIn(index);
            }
        }

        return TimeSpan.Zero;
    }

    // Values below 64 have buckets of their own; above, the bucket is the magnitude and the six bits that follow the highest.
    private static int BucketOf(long ticks)
    {
        int magnitude = Math.Max(0, 63 - BitOperations.LeadingZeroCount((ulong)ticks) - SubBucketBits);
        return magnitude >= Magnitudes ? (Magnitudes + 1) * SubBuckets - 1 : (magnitude * SubBuckets) + (int)(ticks >> magnitude);
    }

    private TimeSpan LargestIn(int bucket)
    {
        int magnitude = Math.Max(0, (bucket / SubBuckets) - 1);
        long sub = bucket - (magnitude * SubBuckets);
        TimeSpan largest = TimeSpan.FromTicks(((sub + 1) << magnitude) - 1);
        return largest < Maximum && bucket < _counts.Length - 1 ? largest : Maximum;
    }
}
