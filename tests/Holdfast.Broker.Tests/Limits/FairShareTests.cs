using CsCheck;
using Holdfast.Broker.Limits.Overload;

namespace Holdfast.Broker.Tests.Limits;

public sealed class FairShareTests
{
    [Fact]
    public void Whoever_wants_little_gets_it_and_the_others_share_the_rest()
    {
        Assert.Equal([10, 45, 45], FairShare.Divide(100, [10, FairShare.Unbounded, FairShare.Unbounded]));
        Assert.Equal([10, 20, 30], FairShare.Divide(100, [10, 20, 30]));
        Assert.Equal([5, 90, 5], FairShare.Divide(100, [5, 1000, 5]));
        Assert.Empty(FairShare.Divide(100, Array.Empty<long>()));
    }

    [Fact]
    public void A_product_with_a_thousand_connections_takes_nothing_from_one_with_a_single_one()
    {
        var many = Enumerable.Range(0, 1000).Select(number => new FairShare.Demand("noisy", $"device-{number}", FairShare.Unbounded)).ToList();
        var single = new FairShare.Demand("quiet", "device", FairShare.Unbounded);
        var twice = new[] { new FairShare.Demand("two", "a", FairShare.Unbounded), new FairShare.Demand("two", "a", FairShare.Unbounded), new FairShare.Demand("two", "b", FairShare.Unbounded) };

        FairShare.Divide(3_000_000, [.. many, single, .. twice]);

        Assert.Equal(1_000_000, single.Share);
        Assert.All(many, one => Assert.Equal(1000, one.Share));
        Assert.Equal([250_000, 250_000, 500_000], twice.Select(one => one.Share));
    }

    [Fact]
    public void Nobody_gets_more_than_he_wants_nor_less_than_another_who_wants_no_more_and_nothing_is_left_that_somebody_wants() => Gen.Select(Gen.Long[0, 10_000], Gen.Long[0, 5000].List[1, 20]).Sample(
        (budget, wanted) =>
        {
            var shares = FairShare.Divide(budget, wanted);
            Assert.All(shares.Zip(wanted), one => Assert.InRange(one.First, 0, one.Second));
            Assert.True(shares.Sum() <= budget);

            // Whole numbers: to each at most one is missing.
            Assert.True(shares.Sum() == wanted.Sum() || budget - shares.Sum() < wanted.Count);
            var least = shares.Zip(wanted).Where(one => one.First < one.Second).Select(one => one.First).DefaultIfEmpty(long.MaxValue).Min();
            Assert.All(shares, share => Assert.True(share <= least || share - least <= wanted.Count));
        }, iter: 2000);
}
