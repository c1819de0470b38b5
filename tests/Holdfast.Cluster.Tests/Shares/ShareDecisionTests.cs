using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Shares;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Cluster.Tests.Shares;

public sealed class ShareDecisionTests
{
    private const ulong Share = 7;

    private readonly FakeTimeProvider _time = new();
    private readonly NodeHearing _hearing;
    private readonly ShareDecision _decision;

    public ShareDecisionTests()
    {
        _hearing = new NodeHearing(_time);
        _decision = new ShareDecision(new ClusterTimes(), Names.A, _hearing, 16, _time);
    }

    [Fact]
    public void A_node_that_is_alone_with_members_takes_everything()
        => Assert.Equal(Enumerable.Range(0, 16), _decision.Decide(Local(members: 1), isLeaving: false).ToTake);

    [Fact]
    public void What_falls_to_another_node_is_stopped_after_its_tenure()
    {
        for (var partition = 0; partition < 16; partition++)
        {
            _decision.OnTaken(Share, partition);
        }

        Hear(members: 1);
        Assert.Empty(_decision.Decide(Local(1, Enumerable.Range(0, 16)), isLeaving: false).ToStop);
        _time.Advance(TimeSpan.FromSeconds(5));
        Hear(members: 1);
        Assert.Equal(8, _decision.Decide(Local(1, Enumerable.Range(0, 16)), isLeaving: false).ToStop.Count);
    }

    [Fact]
    public void A_node_without_members_or_that_is_leaving_stops_everything_at_once()
    {
        _decision.OnTaken(Share, 3);
        Assert.Equal([3], _decision.Decide(Local(0, [3]), isLeaving: false).ToStop);
        Assert.Equal([3], _decision.Decide(Local(1, [3]), isLeaving: true).ToStop);
        Assert.Empty(_decision.Decide(Local(1), isLeaving: true).ToTake);
    }

    [Fact]
    public void A_silent_node_gets_nothing()
    {
        Hear(members: 1);
        Assert.Equal(8, _decision.Decide(Local(1), isLeaving: false).ToTake.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(16, _decision.Decide(Local(1), isLeaving: false).ToTake.Count);
    }

    private static LocalShare Local(int members, IEnumerable<int>? sending = null) => new("p", "$share/g/a", Share, members, [.. sending ?? []], []) { Since = new long[16] };

    private void Hear(int members) => _hearing.Hear(new Heartbeat(Names.B, "here", [], IsLeaving: false, IsReady: true, 0, []) { Shares = [new ShareMembers(Share, members)] });
}
