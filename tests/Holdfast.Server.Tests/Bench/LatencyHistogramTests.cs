using Holdfast.Server.Bench.Measuring;

namespace Holdfast.Server.Tests.Bench;

public sealed class LatencyHistogramTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(2026)]
    public void A_percentile_is_never_too_low_and_at_most_a_sixtieth_too_high(int seed)
    {
        var random = new Random(seed);
        var histogram = new LatencyHistogram();
        long[] ticks = [.. Enumerable.Range(0, 20_000).Select(_ => (long)Math.Pow(10, random.NextDouble() * 9))];
        Array.ForEach(ticks, tick => histogram.Record(TimeSpan.FromTicks(tick)));
        Array.Sort(ticks);
        foreach (double share in new[] { 0.001, 0.5, 0.9, 0.99, 0.999, 1 })
        {
            long exact = ticks[(int)Math.Ceiling(share * ticks.Length) - 1];
            Assert.InRange(histogram.Percentile(share).Ticks, exact, exact + (exact / 60) + 1);
        }

        Assert.Equal(ticks[^1], histogram.Maximum.Ticks);
        Assert.Equal(ticks.Length, histogram.Count);
    }

    [Fact]
    public void Small_values_are_exact()
    {
        var histogram = new LatencyHistogram();
        for (int tick = 0; tick < 128; tick++)
        {
            histogram.Record(TimeSpan.FromTicks(tick));
        }

        Assert.Equal(63, histogram.Percentile(0.5).Ticks);
        Assert.Equal(0, histogram.Percentile(0.001).Ticks);
    }

    [Fact]
    public void Two_histograms_add_up()
    {
        var low = new LatencyHistogram();
        var high = new LatencyHistogram();
        low.Record(TimeSpan.FromMilliseconds(1));
        high.Record(TimeSpan.FromMilliseconds(100));
        low.Add(high);
        Assert.Equal(2, low.Count);
        Assert.Equal(TimeSpan.FromMilliseconds(100), low.Maximum);
        Assert.InRange(low.Percentile(0.5).TotalMilliseconds, 1, 1.02);
        Assert.Equal(100, low.Percentile(0.99).TotalMilliseconds);
    }

    [Fact]
    public void An_empty_histogram_and_an_endless_latency_do_not_break_it()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal(TimeSpan.Zero, histogram.Percentile(0.99));
        histogram.Record(TimeSpan.FromTicks(-5));
        histogram.Record(TimeSpan.MaxValue);
        Assert.Equal(TimeSpan.MaxValue, histogram.Maximum);
        Assert.Equal(2, histogram.Count);
    }

    [Fact]
    public void What_came_since_is_what_was_recorded_since()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(TimeSpan.FromSeconds(9));
        var earlier = new LatencyHistogram();
        earlier.Add(histogram);
        histogram.Record(TimeSpan.FromMilliseconds(3));
        histogram.Record(TimeSpan.FromMilliseconds(5));
        LatencyHistogram since = histogram.Since(earlier);
        Assert.Equal(2, since.Count);
        Assert.InRange(since.Percentile(0.5).TotalMilliseconds, 3, 3.05);
        Assert.InRange(since.Maximum.TotalMilliseconds, 5, 5.08);
        Assert.Equal(TimeSpan.Zero, histogram.Since(histogram).Maximum);
    }
}
