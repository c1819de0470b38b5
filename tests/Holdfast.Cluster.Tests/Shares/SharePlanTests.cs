using Holdfast.Cluster.Shares;

namespace Holdfast.Cluster.Tests.Shares;

public sealed class SharePlanTests
{
    [Fact]
    public void Partitions_are_shared_like_members()
    {
        var plan = SharePlan.Make(7, [("a", 3), ("b", 1)], 16);
        Assert.Equal((12, 4), (plan.Count(node => node == 0), plan.Count(node => node == 1)));
        Assert.Empty(SharePlan.Make(7, [], 16));
        Assert.All(SharePlan.Make(7, [("a", 1)], 16), node => Assert.Equal(0, node));
    }

    [Fact]
    public void When_a_node_goes_its_partitions_move_and_few_others()
    {
        (string, int)[] three = [("a", 1), ("b", 1), ("c", 1)];
        var before = SharePlan.Make(7, three, 16);
        var after = SharePlan.Make(7, [three[0], three[1]], 16);
        var moved = Enumerable.Range(0, 16).Count(partition => before[partition] < 2 && after[partition] != before[partition]);
        Assert.InRange(moved, 0, 4);
        Assert.Equal(16, after.Length);
    }

    [Fact]
    public void Shares_do_not_all_lie_alike()
        => Assert.NotEqual(SharePlan.Make(7, [("a", 1), ("b", 1)], 16), SharePlan.Make(8, [("a", 1), ("b", 1)], 16));
}
