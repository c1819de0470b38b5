using System.Text;
using CsCheck;
using Holdfast.Broker.Topics;
using Holdfast.Log.Partitions;

namespace Holdfast.Broker.Tests.Topics;

public sealed class TopicFilterTests
{
    [Theory]
    [InlineData("#")]
    [InlineData("+")]
    [InlineData("/")]
    [InlineData("sport/tennis/player1/#")]
    [InlineData("sport/#")]
    [InlineData("sport/tennis/#")]
    [InlineData("+/tennis/#")]
    [InlineData("sport/+/player1")]
    [InlineData("/+")]
    [InlineData("//")]
    [InlineData("$SYS/#")]
    [InlineData("$share")]
    [InlineData("a b/ü/🔥")]
    public void A_valid_filter_is_accepted_and_keeps_its_text(string text)
    {
        Assert.True(TopicFilter.TryParse(text, out var filter, out var problem));
        Assert.Equal("", problem);
        Assert.Equal(text, filter.ToString());
        Assert.Equal(text, Encoding.UTF8.GetString(filter.Levels));
        Assert.False(filter.IsShared);
        Assert.Null(filter.ShareName);
    }

    [Theory]
    [InlineData("", "at least one character")]
    [InlineData("sport/tennis#", "'#'")]
    [InlineData("sport/tennis/#/ranking", "'#'")]
    [InlineData("#/", "'#'")]
    [InlineData("##", "'#'")]
    [InlineData("sport+", "'+'")]
    [InlineData("sport/+a/b", "'+'")]
    [InlineData("++", "'+'")]
    [InlineData("+#", "'#'")]
    [InlineData("a\0b", "null character")]
    [InlineData("$share/", "$share")]
    [InlineData("$share/group", "$share")]
    [InlineData("$share//a", "$share")]
    [InlineData("$share/gr+up/a", "$share")]
    [InlineData("$share/#/a", "$share")]
    [InlineData("$share/group/", "$share")]
    [InlineData("$share/group/a#", "'#'")]
    public void An_invalid_filter_is_refused_with_its_problem(string text, string expected)
    {
        Assert.False(TopicFilter.TryParse(text, out var filter, out var problem));
        Assert.Equal(default, filter);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_that_has_no_utf8_form_is_refused()
    {
        Assert.False(TopicFilter.TryParse("a\ud800b", out _, out var problem));
        Assert.Contains("UTF-8", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_limits_of_length_and_levels_hold_exactly()
    {
        Assert.True(TopicFilter.TryParse(new string('a', 65_535), out _, out _));
        Assert.False(TopicFilter.TryParse(new string('a', 65_536), out _, out var tooLong));
        Assert.Contains("65,536", tooLong, StringComparison.Ordinal);
        Assert.False(TopicFilter.TryParse(new string('ü', 32_768), out _, out _));
        Assert.True(TopicFilter.TryParse(new string('/', 127), out _, out _));
        Assert.False(TopicFilter.TryParse(new string('/', 128), out _, out var tooDeep));
        Assert.Contains("129", tooDeep, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shared_filter_is_taken_apart()
    {
        var filter = Filter("$share/group/devices/+/events/#");
        Assert.True(filter.IsShared);
        Assert.Equal("group", filter.ShareName);
        Assert.Equal("devices/+/events/#", Encoding.UTF8.GetString(filter.Levels));
        Assert.Equal("$share/group/devices/+/events/#", filter.ToString());
        Assert.True(Matches(filter, "devices/a/events/b"));
        Assert.False(Matches(Filter("$share/group/#"), "$SYS/x"));
    }

    [Theory]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/ranking", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player10", false)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("sport/#", "sports", false)]
    [InlineData("#", "a", true)]
    [InlineData("#", "/", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("/+", "/finance", true)]
    [InlineData("+", "/finance", false)]
    [InlineData("+/+/#", "a/b", true)]
    [InlineData("+/+/#", "a", false)]
    [InlineData("#", "$SYS/broker", false)]
    [InlineData("+/monitor/Clients", "$SYS/monitor/Clients", false)]
    [InlineData("$SYS/#", "$SYS/broker", true)]
    [InlineData("$SYS/monitor/+", "$SYS/monitor/Clients", true)]
    [InlineData("a/+", "a/$b", true)]
    [InlineData("ACCOUNTS", "Accounts", false)]
    [InlineData("a", "/a", false)]
    [InlineData("a/", "a", false)]
    [InlineData("a", "a/", false)]
    [InlineData("ü/+", "ü/x", true)]
    public void Matching_follows_the_examples_of_the_standard(string filter, string topic, bool expected)
    {
        Assert.Equal(expected, FilterOracle.Matches(filter, topic));
        Assert.Equal(expected, Matches(Filter(filter), topic));
    }

    [Fact]
    public void Matching_agrees_with_the_oracle()
        => Gen.Select(TopicGenerators.Filter, TopicGenerators.Topic)
            .Sample((filter, topic) => Matches(Filter(filter), topic) == FilterOracle.Matches(filter, topic), iter: 20_000);

    [Fact]
    public void Validity_agrees_with_the_oracle()
        => Gen.String[Gen.Char["a/+#\0"], 0, 7]
            .Sample(text => TopicFilter.TryParse(text, out _, out _) == FilterOracle.IsValid(text), iter: 20_000);

    [Theory]
    [InlineData("a/b", "a/b")]
    [InlineData("devices/d1/events/x", "d1")]
    [InlineData("devices/d1/events/#", "d1")]
    [InlineData("devices/d1/+", "d1")]
    [InlineData("devices/d1/#", "d1", "devices/d1")]
    [InlineData("$share/g/devices/d1/events/#", "d1")]
    [InlineData("devices/d1", "devices/d1")]
    [InlineData("devices//a", "devices//a")]
    [InlineData("devices/+/events")]
    [InlineData("devices/#")]
    [InlineData("devices//#")]
    [InlineData("a/b/#")]
    [InlineData("+/d1/x")]
    public void Literal_keys_are_those_of_the_topics_that_can_match(string filter, params string[] expected)
        => Assert.Equal(expected, Filter(filter).LiteralKeys().Select(Encoding.UTF8.GetString));

    [Fact]
    public void No_matching_topic_has_a_key_that_the_filter_does_not_name()
    {
        var level = TopicGenerators.OneOf("", "d", "e", "+", "x");
        var filters = Gen.Select(level.Array[0, 3], Gen.Bool)
            .Select((levels, all) => string.Join('/', (string[])[.. levels.Prepend("devices"), .. all ? ["#"] : Array.Empty<string>()]));
        var topics = TopicGenerators.OneOf("", "d", "e", "x").Array[0, 3].Select(levels => string.Join('/', levels.Prepend("devices")));
        Gen.Select(filters, topics).Sample(
            (text, topic) =>
            {
                var filter = Filter(text);
                var keys = filter.LiteralKeys().Select(Encoding.UTF8.GetString).ToList();
                var key = Encoding.UTF8.GetString(Partitioning.KeyOf(Encoding.UTF8.GetBytes(topic)));
                return keys.Count == 0 || !Matches(filter, topic) || keys.Contains(key);
            },
            iter: 20_000);
    }

    [Fact]
    public void Filters_are_equal_by_their_text()
    {
        Assert.Equal(Filter("a/+"), Filter("a/+"));
        Assert.Equal(Filter("a/+").GetHashCode(), Filter("a/+").GetHashCode());
        Assert.NotEqual(Filter("a/+"), Filter("a/#"));
        Assert.NotEqual(Filter("$share/g/a"), Filter("a"));
    }

    private static TopicFilter Filter(string text)
    {
        Assert.True(TopicFilter.TryParse(text, out var filter, out var problem), problem);
        return filter;
    }

    private static bool Matches(TopicFilter filter, string topic) => filter.Matches(Encoding.UTF8.GetBytes(topic));
}
