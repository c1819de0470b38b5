using Holdfast.Cluster.Ownership;

namespace Holdfast.Cluster.Tests.Ownership;

public sealed class OwnershipPlanTests
{
    private static readonly string[] Five = ["a", "b", "c", "d", "e"];

    [Fact]
    public void The_same_names_in_any_order_make_the_same_plan()
    {
        string[] shuffled = ["d", "a", "e", "c", "b"];
        Assert.Equal(Owners(Five), Owners(shuffled));
    }

    [Fact]
    public void Shares_are_even()
    {
        for (var count = 1; count <= Five.Length; count++)
        {
            var owners = Owners(Five[..count]);
            Assert.All(Five[..count], node => Assert.InRange(owners.Count(owner => owner == node), 0, (16 + count - 1) / count));
            Assert.Equal(16, owners.Length);
        }
    }

    [Fact]
    public void When_a_node_leaves_most_partitions_of_the_others_stay()
    {
        var before = Owners(Five);
        foreach (var gone in Five)
        {
            var after = Owners([.. Five.Except([gone])]);
            var others = Enumerable.Range(0, 16).Count(partition => before[partition] != gone && before[partition] != after[partition]);
            Assert.InRange(others, 0, 5);
        }
    }

    [Fact]
    public void Without_nodes_there_is_no_plan() => Assert.Empty(OwnershipPlan.Make([], 16));

    private static string[] Owners(string[] nodes) => Array.ConvertAll(OwnershipPlan.Make(nodes, 16), index => nodes[index]);
}
