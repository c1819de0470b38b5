using Holdfast.Cluster.Ownership;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Cluster.Tests.Ownership;

public sealed class NodeHearingTests
{
    [Fact]
    public void Silence_is_counted_from_the_last_word()
    {
        var time = new FakeTimeProvider();
        var hearing = new NodeHearing(time);
        Assert.Null(hearing.SilenceOf(Names.A));
        hearing.Hear(Names.Beat(Names.A));
        time.Advance(TimeSpan.FromMilliseconds(300));
        hearing.Hear(Names.Beat(Names.B));
        time.Advance(TimeSpan.FromMilliseconds(300));

        Assert.Equal(TimeSpan.FromMilliseconds(600), hearing.SilenceOf(Names.A));
        Assert.Equal(Names.B, Assert.Single(hearing.Alive(TimeSpan.FromMilliseconds(500))).From);
    }
}
