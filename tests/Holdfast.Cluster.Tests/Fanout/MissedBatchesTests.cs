using Holdfast.Cluster.Fanout;

namespace Holdfast.Cluster.Tests.Fanout;

public sealed class MissedBatchesTests
{
    private readonly MissedBatches _missed = new(2);

    [Fact]
    public void What_is_on_its_way_is_given_time_and_what_does_not_come_is_read()
    {
        Assert.False(_missed.Hear(0, committed: 20, delivered: 10));
        Assert.False(_missed.Hear(0, committed: 25, delivered: 15));
        Assert.True(_missed.Hear(0, committed: 30, delivered: 15));
        Assert.Equal((30L, 0L), (_missed.Target(0), _missed.Target(1)));
        Assert.False(_missed.Hear(0, committed: 30, delivered: 30));
    }

    [Fact]
    public void The_target_only_grows()
    {
        _missed.Miss(1, 9);
        _missed.Miss(1, 4);
        Assert.Equal(9, _missed.Target(1));
    }
}
