using Holdfast.Cluster.Ownership;

namespace Holdfast.Cluster.Tests.Ownership;

public sealed class NodeFencesTests
{
    private readonly NodeFences _fences = new();

    [Fact]
    public async Task A_fence_waits_for_what_is_inside_and_nothing_enters_afterwards()
    {
        var first = _fences.TryEnter(Names.A)!;
        var second = _fences.TryEnter(Names.A)!;
        var other = _fences.TryEnter(Names.B)!;

        var fencing = _fences.FenceAsync(Names.A);
        Assert.Null(_fences.TryEnter(Names.A));
        first.Dispose();
        Assert.False(_fences.Fence(Names.A));
        Assert.False(fencing.IsCompleted);
        second.Dispose();
        await fencing.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True(_fences.Fence(Names.A));

        Assert.NotNull(_fences.TryEnter(Names.B));
        other.Dispose();
    }

    [Fact]
    public void A_fence_of_a_node_that_is_not_inside_is_there_at_once()
    {
        Assert.True(_fences.FenceAsync(Names.A).IsCompletedSuccessfully);
        Assert.Null(_fences.TryEnter(Names.A));
    }
}
