using System.Text;
using Holdfast.Broker.Access;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Tests.Access;

public sealed class RightsTests
{
    private static readonly string[] Levels = ["a", "b", "+", "#", "", "$x"];

    [Theory]
    [InlineData("#", "#", true)]
    [InlineData("#", "a/+/b", true)]
    [InlineData("#", "$SYS/#", false)]
    [InlineData("+/x", "$SYS/x", false)]
    [InlineData("$SYS/#", "$SYS/broker", true)]
    [InlineData("devices/d/#", "devices/d", true)]
    [InlineData("devices/d/#", "devices/d/#", true)]
    [InlineData("devices/d/#", "devices/d/+/x/#", true)]
    [InlineData("devices/d/#", "devices/+/x", false)]
    [InlineData("devices/d/#", "devices/#", false)]
    [InlineData("devices/d/#", "devices/dd/x", false)]
    [InlineData("devices/+/x", "devices/#", false)]
    [InlineData("devices/+/x", "devices/+/x", true)]
    [InlineData("devices/+/x", "devices/d/x/#", false)]
    [InlineData("a/+", "a/#", false)]
    [InlineData("a", "a/#", false)]
    [InlineData("a", "+", false)]
    public void A_filter_covers_another_when_all_that_the_other_matches_is_matched_by_it(string allowed, string wanted, bool expected)
        => Assert.Equal(expected, FilterCover.Covers(Encoding.UTF8.GetBytes(allowed), Encoding.UTF8.GetBytes(wanted)));

    /// <summary>Against all topics of a small world: what is covered matches nothing that is not allowed.</summary>
    [Fact]
    public void Whatever_is_covered_matches_only_what_is_allowed()
    {
        var filters = Words(3).Where(text => TopicFilter.TryParse(text, out _, out _)).Select(Parse).ToList();
        var topics = Words(4).Where(text => text.Length > 0 && !text.Contains('+', StringComparison.Ordinal) && !text.Contains('#', StringComparison.Ordinal)).Select(Encoding.UTF8.GetBytes).ToList();
        var matched = filters.ToDictionary(filter => filter, filter => topics.Select(topic => filter.Matches(topic)).ToArray());
        var covered = 0;
        foreach (var allowed in filters)
        {
            foreach (var wanted in filters)
            {
                var isWithin = !matched[wanted].Where((isMatched, index) => isMatched && !matched[allowed][index]).Any();
                var isCovered = FilterCover.Covers(allowed.Levels, wanted.Levels);
                Assert.True(!isCovered || isWithin, $"{allowed} does not cover {wanted}");
                covered += isCovered ? 1 : 0;
            }
        }

        Assert.True(covered > filters.Count);
    }

    [Theory]
    [InlineData("devices/d/events/x", true)]
    [InlineData("devices/d/replies/1", true)]
    [InlineData("devices/d/commands/x", false)]
    [InlineData("devices/d/receipts", false)]
    [InlineData("devices/d/responses/hook/x", false)]
    [InlineData("devices/dd/events/x", false)]
    [InlineData("devices/D/events/x", false)]
    [InlineData("devices", false)]
    [InlineData("broadcast/x", false)]
    [InlineData("/devices/d/events/x", false)]
    public void A_device_publishes_in_its_own_subtree(string topic, bool expected) => Assert.Equal(expected, OfDevice().MayPublish(Encoding.UTF8.GetBytes(topic)));

    [Theory]
    [InlineData("devices/d/#", true)]
    [InlineData("devices/d/commands/+", true)]
    [InlineData("broadcast/#", true)]
    [InlineData("#", false)]
    [InlineData("devices/+/commands/x", false)]
    [InlineData("$SYS/#", false)]
    [InlineData("$share/g/devices/d/#", true)]
    [InlineData("$share/g/#", false)]
    [InlineData("$share/d/devices/e/#", false)]
    public void A_device_subscribes_to_its_own_subtree_and_to_what_is_broadcast(string filter, bool expected) => Assert.Equal(expected, OfDevice().MaySubscribe(Parse(filter)));

    [Fact]
    public void Rules_add_to_the_rights_of_each_device()
    {
        var rights = OfDevice(
            new TopicRule("r1", RuleAction.Publish, "groups/{product}/{device}/+"), new TopicRule("r2", RuleAction.Subscribe, "map/#"), new TopicRule("r3", RuleAction.Publish, "devices/{device}/commands/self"));

        Assert.True(rights.MayPublish("groups/p/d/x"u8));
        Assert.False(rights.MayPublish("groups/p/e/x"u8));
        Assert.False(rights.MayPublish("map/x"u8));
        Assert.True(rights.MayPublish("devices/d/commands/self"u8));
        Assert.False(rights.MayPublish("devices/d/commands/other"u8));
        Assert.True(rights.MaySubscribe(Parse("map/+/x")));
        Assert.False(rights.MaySubscribe(Parse("groups/#")));
    }

    [Theory]
    [InlineData(Scopes.Publish, true, false, false)]
    [InlineData(Scopes.Subscribe, false, true, false)]
    [InlineData(Scopes.Subscribe | Scopes.Manage, false, true, true)]
    [InlineData(Scopes.Read, false, false, false)]
    public void A_token_has_the_rights_of_its_scopes(Scopes scopes, bool publishes, bool subscribes, bool reads)
    {
        var rights = Rights.OfToken(scopes);

        Assert.Equal(publishes, rights.MayPublish("devices/d/commands/x"u8));
        Assert.False(rights.MayPublish("devices/d/receipts"u8));
        Assert.Equal(subscribes, rights.MaySubscribe(Parse("$share/g/#")));
        Assert.Equal(reads, rights.MaySubscribe(Parse("$SYS/#")));
    }

    [Fact]
    public void A_batch_needs_the_right_to_everything_below()
    {
        Assert.True(OfDevice().MayPublishBelow("devices/d/events"u8));
        Assert.False(OfDevice(new TopicRule("r", RuleAction.Publish, "devices/+/events")).MayPublishBelow("devices/e/events"u8));
        Assert.True(OfDevice(new TopicRule("r", RuleAction.Publish, "devices/+/events/#")).MayPublishBelow("devices/e/events"u8));
    }

    [Fact]
    public void Judging_allocates_nothing()
    {
        var rights = OfDevice(new TopicRule("r", RuleAction.Publish, "a/+/c"), new TopicRule("s", RuleAction.Subscribe, "x/#"));
        var filter = Parse("x/y/+");
        Assert.True(rights.MayPublish("a/b/c"u8) && rights.MaySubscribe(filter));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var count = 0; count < 1000; count++)
        {
            rights.MayPublish("a/b/c"u8);
            rights.MaySubscribe(filter);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static Rights OfDevice(params TopicRule[] rules) => Rights.OfDevice("p", "d", rules);

    private static TopicFilter Parse(string text)
    {
        Assert.True(TopicFilter.TryParse(text, out var filter, out var problem), problem);
        return filter;
    }

    private static IEnumerable<string> Words(int depth)
        => depth == 1 ? Levels : Levels.Concat(Words(depth - 1).SelectMany(rest => Levels.Select(level => $"{level}/{rest}")));
}
