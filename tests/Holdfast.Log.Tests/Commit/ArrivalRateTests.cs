using Holdfast.Log.Commit;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Log.Tests.Commit;

public sealed class ArrivalRateTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void It_follows_what_comes()
    {
        var rate = new ArrivalRate(_time);
        Assert.Equal(0, rate.ExpectedIn(TimeSpan.FromSeconds(1)));
        AddEvery(rate, appends: 5, TimeSpan.FromMilliseconds(1));
        Assert.InRange(rate.ExpectedIn(TimeSpan.FromMilliseconds(1)), 4.9, 5.1);
        AddEvery(rate, appends: 1, TimeSpan.FromMilliseconds(100));
        Assert.InRange(rate.ExpectedIn(TimeSpan.FromSeconds(1)), 9.9, 10.1);
    }

    [Fact]
    public void A_single_burst_is_no_rate()
    {
        var rate = new ArrivalRate(_time);
        _time.Advance(TimeSpan.FromSeconds(1));
        rate.Add(1000);
        Assert.InRange(rate.ExpectedIn(TimeSpan.FromMilliseconds(1)), 0, 0.2);
    }

    [Fact]
    public void Two_groups_at_one_instant_do_not_break_it()
    {
        var rate = new ArrivalRate(_time);
        rate.Add(5);
        rate.Add(5);
        Assert.Equal(0, rate.ExpectedIn(TimeSpan.FromSeconds(1)));
    }

    private void AddEvery(ArrivalRate rate, int appends, TimeSpan interval)
    {
        for (var count = 0; count < 200; count++)
        {
            _time.Advance(interval);
            rate.Add(appends);
        }
    }
}
