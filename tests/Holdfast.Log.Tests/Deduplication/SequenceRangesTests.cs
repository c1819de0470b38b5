using Holdfast.Log.Deduplication;

namespace Holdfast.Log.Tests.Deduplication;

public sealed class SequenceRangesTests
{
    [Fact]
    public void Sequences_in_order_are_one_range()
    {
        var ranges = new SequenceRanges();
        for (ulong sequence = 1; sequence <= 100_000; sequence++)
        {
            Assert.Equal(SequenceStatus.New, ranges.Add(sequence));
        }

        Assert.Equal([(1UL, 100_000UL)], ranges.Ranges);
        Assert.Equal(SequenceStatus.Duplicate, ranges.Add(50_000));
        Assert.Equal(SequenceStatus.New, ranges.Add(0));
    }

    [Fact]
    public void The_ends_of_the_number_range_are_numbers_like_others()
    {
        var ranges = new SequenceRanges();
        foreach (var sequence in (ulong[])[ulong.MaxValue, 0, ulong.MaxValue - 1, 1])
        {
            Assert.Equal(SequenceStatus.New, ranges.Add(sequence));
            Assert.Equal(SequenceStatus.Duplicate, ranges.Add(sequence));
        }

        Assert.Equal([(0UL, 1UL), (ulong.MaxValue - 1, ulong.MaxValue)], ranges.Ranges);
    }

    /// <summary>Against a set of everything seen: nothing new is ever called a duplicate, and no duplicate new.</summary>
    [Theory]
    [InlineData(1, 50)]
    [InlineData(2, 400)]
    [InlineData(3, 10_000)]
    [InlineData(4, 1_000_000)]
    public void They_agree_with_a_set(int seed, int span)
    {
        var random = new Random(seed);
        var ranges = new SequenceRanges();
        var seen = new HashSet<ulong>();
        var outside = 0;
        for (var step = 0; step < 20_000; step++)
        {
            var sequence = (ulong)random.Next(span);
            switch (random.Next(10))
            {
                case 0 when seen.Remove(sequence):
                    // Only what was just added is taken back, and it is a record that was not stored after all.
                    ranges.Remove(sequence);
                    break;
                case 1:
                    ranges = SequenceRanges.Decode(ranges.Encode());
                    break;
                default:
                    var status = ranges.Add(sequence);
                    outside += status == SequenceStatus.OutsideWindow ? 1 : 0;
                    Assert.True(
                        status == SequenceStatus.OutsideWindow || (status == SequenceStatus.New) == seen.Add(sequence), $"Seed {seed}, step {step}: {sequence} is {status}.");
                    seen.Add(sequence);
                    break;
            }

            for (var index = 1; index < ranges.Ranges.Count; index++)
            {
                Assert.True(ranges.Ranges[index].From > ranges.Ranges[index - 1].To + 1, $"Seed {seed}, step {step}: ranges touch.");
            }
        }

        Assert.True(span > 100 || outside == 0, "Fewer numbers than ranges never leave the window.");
    }

    [Fact]
    public void What_is_given_up_is_outside_the_window_and_never_a_duplicate_or_new()
    {
        var ranges = new SequenceRanges();
        for (ulong range = 0; range < SequenceRanges.MaximumRanges + 10; range++)
        {
            Assert.Equal(SequenceStatus.New, ranges.Add(range * 2));
        }

        Assert.Equal(SequenceRanges.MaximumRanges, ranges.Ranges.Count);
        for (ulong sequence = 0; sequence < 20; sequence++)
        {
            Assert.Equal(SequenceStatus.OutsideWindow, SequenceRanges.Decode(ranges.Encode()).Add(sequence));
        }

        Assert.Equal(SequenceStatus.Duplicate, ranges.Add(20));
    }
}
