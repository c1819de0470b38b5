using Holdfast.Broker.Retention;

namespace Holdfast.Broker.Tests.Retention;

public sealed class ReceivedBytesTests
{
    private const long Second = 1000;
    private const long Span = 8192;

    [Fact]
    public void The_floor_keeps_what_fits_and_never_less_than_the_newest_span()
    {
        var bytes = new ReceivedBytes();
        foreach (var span in new[] { 3, 0, 2, 1 })
        {
            bytes.Add(span * Span, 100);
        }

        Assert.Equal(long.MinValue, bytes.FloorFor(400));
        Assert.Equal(1 * Span, bytes.FloorFor(399));
        Assert.Equal(2 * Span, bytes.FloorFor(200));
        Assert.Equal(3 * Span, bytes.FloorFor(100));
        Assert.Equal(3 * Span, bytes.FloorFor(1));
    }

    [Fact]
    public void A_week_of_records_takes_few_spans_and_is_still_exact_to_half_a_percent()
    {
        var bytes = new ReceivedBytes();
        var week = TimeSpan.FromDays(7);
        for (var at = 0L; at < (long)week.TotalMilliseconds; at += 10 * Second)
        {
            bytes.Add(at, 1);
        }

        var records = (long)week.TotalSeconds / 10;
        var floor = bytes.FloorFor(records / 2);
        Assert.InRange(floor, week.TotalMilliseconds * 0.5, week.TotalMilliseconds * 0.505);
    }

    [Fact]
    public void What_is_forgotten_counts_no_longer()
    {
        var bytes = new ReceivedBytes();
        bytes.Add(0, 100);
        bytes.Add(5 * Span, 100);
        bytes.ForgetBefore(5 * Span);

        Assert.Equal(5 * Span, bytes.Oldest);
        Assert.Equal(long.MinValue, bytes.FloorFor(150));
        bytes.ForgetBefore(6 * Span);
        Assert.Null(bytes.Oldest);
    }
}
