using Holdfast.Server.Drill.Lab;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Server.Tests.Drill;

/// <summary>What goes into the slow network comes out late and in order.</summary>
public sealed class DelayLineTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(40);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Nothing_comes_out_before_its_time_and_then_in_the_order_in_which_it_came()
    {
        var line = new DelayLine<int>(Delay, 10, _time);
        line.TryAdd(1);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        line.TryAdd(2);

        _time.Advance(TimeSpan.FromMilliseconds(29));
        Assert.False(line.TryTake(out _, out TimeSpan wait));
        Assert.Equal(TimeSpan.FromMilliseconds(1), wait);

        _time.Advance(wait);
        Assert.True(line.TryTake(out int first, out _));
        Assert.Equal(1, first);
        Assert.False(line.TryTake(out _, out wait));
        Assert.Equal(TimeSpan.FromMilliseconds(10), wait);

        _time.Advance(wait);
        Assert.True(line.TryTake(out int second, out _));
        Assert.Equal(2, second);
    }

    [Fact]
    public void What_does_not_fit_is_dropped()
    {
        var line = new DelayLine<int>(Delay, 2, _time);

        Assert.Equal([true, true, false], new[] { line.TryAdd(1), line.TryAdd(2), line.TryAdd(3) });
    }
}
