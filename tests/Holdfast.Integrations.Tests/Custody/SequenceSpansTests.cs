using Holdfast.Integrations.Custody;

namespace Holdfast.Integrations.Tests.Custody;

public sealed class SequenceSpansTests
{
    [Fact]
    public void Sequences_in_any_order_leave_the_gaps_that_a_set_leaves()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var spans = new SequenceSpans();
            var seen = new SortedSet<ulong>();
            for (var i = 0; i < 60; i++)
            {
                var sequence = (ulong)random.Next(80);
                Assert.Equal(seen.Add(sequence), spans.Add(sequence));
            }

            var missing = Enumerable.Range((int)seen.Min, (int)(seen.Max - seen.Min) + 1).Select(one => (ulong)one).Except(seen).ToList();
            Assert.Equal((seen.Min, seen.Max, (long)seen.Count, (long)missing.Count), (spans.First, spans.Last, spans.Count, spans.Missing));
            Assert.Equal(missing, spans.Gaps.SelectMany(gap => Enumerable.Range((int)gap.From, (int)(gap.To - gap.From) + 1).Select(one => (ulong)one)));
        }
    }

    [Fact]
    public void What_lies_outside_fills_nothing()
    {
        var spans = new SequenceSpans();
        spans.Add(5);
        spans.Add(8);
        spans.Fill(4);
        spans.Fill(9);
        spans.Fill(6);

        Assert.Equal((5UL, 8UL, 1L), (spans.First, spans.Last, spans.Missing));
    }
}
