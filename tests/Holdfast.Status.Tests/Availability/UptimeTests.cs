using CsCheck;
using Holdfast.Status.Availability;
using Holdfast.Status.Judgement;

namespace Holdfast.Status.Tests.Availability;

public sealed class UptimeTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 10, 18, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_outage_over_midnight_belongs_to_both_days()
    {
        IReadOnlyList<Day> days = Uptime.Days(
            [Change(-48, ComponentState.Operational), Change(-19, ComponentState.MajorOutage), Change(-17, ComponentState.Operational)], 3, Now);
        Assert.Equal([8, 9, 10], days.Select(day => day.Date.Day));
        Assert.Equal(TimeSpan.FromHours(18), days[0].Unknown);
        Assert.Equal(TimeSpan.FromHours(1), days[1].Down);
        Assert.Equal(TimeSpan.FromHours(1), days[2].Major);
        Assert.Equal(TimeSpan.FromHours(17), days[2].Up);
        Assert.Equal(46 / 48d, Uptime.Share(days)!.Value, 9);
    }

    [Fact]
    public void Time_in_which_nobody_looked_is_neither_up_nor_down()
    {
        IReadOnlyList<Day> days = Uptime.Days([Change(-4, ComponentState.Operational), Change(-2, ComponentState.Unknown)], 90, Now);
        Assert.Equal(1, Uptime.Share(days));
        Assert.Null(Uptime.Share(Uptime.Days([], 90, Now)));
    }

    [Fact]
    public void The_budget_is_what_the_objective_allows_less_what_was_down()
    {
        IReadOnlyList<Day> days = Uptime.Days([Change(-4, ComponentState.PartialOutage), Change(-3.5, ComponentState.Operational)], 30, Now);
        Assert.Equal(TimeSpan.FromMinutes(43.2 - 30), Uptime.Budget(days, 0.999));
        Assert.True(Uptime.Budget(days, 0.9999) < TimeSpan.Zero);
    }

    [Fact]
    public void Every_second_is_counted_once()
        => Gen.Select(Gen.Int[0, 400], Gen.Enum<ComponentState>()).Array[0, 30].Sample(points =>
        {
            StateChange[] changes = [.. points.OrderByDescending(point => point.Item1).Select(point => Change(-point.Item1 / 3d, point.Item2))];
            IReadOnlyList<Day> days = Uptime.Days(changes, 5, Now);
            Assert.All(days.SkipLast(1), day => Assert.Equal(TimeSpan.FromDays(1), day.Measured + day.Unknown));
            Assert.Equal(TimeSpan.FromHours(18), days[^1].Measured + days[^1].Unknown);
            Assert.InRange(Uptime.Share(days) ?? 0, 0, 1);
        }, seed: "0001Xk8hqzM4");

    [Theory]
    [InlineData(1, "100 %")]
    [InlineData(0.9999999, "99.999 %")]
    [InlineData(0.5, "50.000 %")]
    public void What_was_not_perfect_never_reads_as_perfect(double share, string text) => Assert.Equal(text, Words.Percent(share));

    private static StateChange Change(double hours, ComponentState state) => new("MQTT", Now.AddHours(hours), state);
}
