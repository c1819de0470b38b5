using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations.Tests.Delivery;

public sealed class PaceTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_bound_is_kept_over_any_time_whatever_the_size_of_the_requests()
    {
        var pace = new Pace(1_000);
        var random = new Random(3);
        var sent = 0;
        for (var millisecond = 0; millisecond < 10_000; millisecond += random.Next(20))
        {
            while (pace.Allows(Now.AddMilliseconds(millisecond)))
            {
                var events = random.Next(1, 50);
                pace.Sent(events, Now.AddMilliseconds(millisecond));
                sent += events;
            }
        }

        Assert.InRange(sent, 9_800, 10_200);
    }

    [Fact]
    public void What_was_not_used_is_not_saved_up()
    {
        var pace = new Pace(10);
        pace.Sent(1, Now);

        var sent = 0;
        while (pace.Allows(Now.AddHours(1)))
        {
            pace.Sent(1, Now.AddHours(1));
            sent++;
        }

        Assert.InRange(sent, 1, 2);
    }

    [Fact]
    public void Without_a_bound_nothing_waits()
    {
        var pace = new Pace(null);
        pace.Sent(1_000_000, Now);

        Assert.True(pace.Allows(Now));
    }
}
