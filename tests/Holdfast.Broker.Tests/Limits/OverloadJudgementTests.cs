using Holdfast.Broker.Limits.Overload;

namespace Holdfast.Broker.Tests.Limits;

public sealed class OverloadJudgementTests
{
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(700);

    private readonly OverloadJudgement _judgement = new();

    [Fact]
    public void One_slow_flush_means_nothing_and_three_mean_that_publishers_are_slowed_down()
    {
        Measure(Slow, OverloadJudgement.SamplesToSlow - 1);
        Measure(TimeSpan.Zero, 1);
        Measure(Slow, OverloadJudgement.SamplesToSlow - 1);
        Assert.Equal(OverloadLevel.None, _judgement.Level);

        Measure(Slow, 1);
        Assert.Equal(OverloadLevel.Slowing, _judgement.Level);

        Measure(TimeSpan.Zero, OverloadJudgement.SamplesToRest - 1);
        Assert.Equal(OverloadLevel.Slowing, _judgement.Level);
        Measure(TimeSpan.Zero, 1);
        Assert.Equal(OverloadLevel.None, _judgement.Level);
    }

    [Fact]
    public void Where_slowing_does_not_help_for_five_seconds_something_is_shed()
    {
        Measure(Late, OverloadJudgement.SamplesToShed - 1);
        Assert.Equal(OverloadLevel.Slowing, _judgement.Level);

        Measure(Late, 1);
        Assert.Equal(OverloadLevel.Shedding, _judgement.Level);

        Measure(TimeSpan.Zero, OverloadJudgement.SamplesToRest);
        Assert.Equal(OverloadLevel.None, _judgement.Level);
    }

    [Fact]
    public void Memory_is_shed_for_at_once()
    {
        _judgement.Measure(TimeSpan.Zero, 0.85);
        Assert.Equal(OverloadLevel.None, _judgement.Level);
        _judgement.Measure(TimeSpan.Zero, 0.85);
        _judgement.Measure(TimeSpan.Zero, 0.85);
        Assert.Equal(OverloadLevel.Slowing, _judgement.Level);

        Assert.True(_judgement.Measure(TimeSpan.Zero, 0.95));

        Assert.Equal(OverloadLevel.Shedding, _judgement.Level);
        _judgement.Forget();
        Assert.Equal(OverloadLevel.None, _judgement.Level);
    }

    private void Measure(TimeSpan commitAge, int times)
    {
        for (var count = 0; count < times; count++)
        {
            _judgement.Measure(commitAge, 0.1);
        }
    }
}
