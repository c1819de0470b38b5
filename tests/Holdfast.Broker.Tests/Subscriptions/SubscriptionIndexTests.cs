using System.Text;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Subscriptions;

public sealed class SubscriptionIndexTests
{
    private readonly SubscriptionIndex<string> _index = new();

    [Fact]
    public void An_empty_index_matches_nobody_with_one_shared_instance()
    {
        Assert.True(Match("a").IsEmpty);
        Assert.Same(SubscriptionMatches<string>.Empty, Match("a"));
        Add("other", "b");
        Assert.Same(SubscriptionMatches<string>.Empty, Match("a"));
    }

    [Fact]
    public void A_subscriber_is_matched_once_with_the_highest_quality_of_service_and_all_identifiers()
    {
        var first = Add("anna", "a/+", QualityOfService.AtMostOnce, identifier: 7);
        var second = Add("anna", "a/b", QualityOfService.ExactlyOnce);
        var third = Add("anna", "#", QualityOfService.AtLeastOnce, identifier: 9);
        Add("bert", "a/b", QualityOfService.AtLeastOnce, identifier: 3);

        var matches = Match("a/b").Subscribers.ToArray().ToDictionary(match => match.Subscriber);
        Assert.Equal(["anna", "bert"], matches.Keys.Order());
        var anna = matches["anna"];
        Assert.Equal(QualityOfService.ExactlyOnce, anna.QualityOfService);
        Assert.Equal([7u, 9u], anna.Identifiers.ToArray().Order());
        Assert.Equal([first, second, third], anna.Subscriptions.ToArray().ToHashSet());
        Assert.Equal(QualityOfService.AtLeastOnce, matches["bert"].QualityOfService);
        Assert.Equal([3u], matches["bert"].Identifiers.ToArray());
    }

    [Fact]
    public void No_local_needs_all_subscriptions_and_retain_as_published_any()
    {
        Add("anna", "a", new SubscriptionOptions(QualityOfService.AtLeastOnce, NoLocal: true, RetainAsPublished: true));
        var alone = Match("a").Subscribers[0];
        Assert.True(alone.NoLocal);
        Assert.True(alone.RetainAsPublished);

        Add("anna", "+", new SubscriptionOptions(QualityOfService.ExactlyOnce));
        var both = Match("a").Subscribers[0];
        Assert.False(both.NoLocal);
        Assert.True(both.RetainAsPublished);
    }

    [Fact]
    public void A_subscription_of_the_same_filter_is_replaced()
    {
        var first = Add("anna", "a", QualityOfService.AtMostOnce);
        var second = new Subscription<string>(Filter("a"), new SubscriptionOptions(QualityOfService.AtLeastOnce), 0, null, "anna");
        Assert.Same(first, _index.AddOrReplace("p"u8, second));
        Assert.Equal(1, _index.Count);
        Assert.Same(second, Match("a").Subscribers[0].Subscriptions[0]);
    }

    [Fact]
    public void What_is_removed_no_longer_matches()
    {
        var subscription = Add("anna", "a/#");
        Add("bert", "a/#");
        Assert.Equal(2, Match("a/b").Subscribers.Length);
        Assert.Same(subscription, _index.Remove("p"u8, Filter("a/#"), "anna"));
        Assert.Equal("bert", Match("a/b").Subscribers[0].Subscriber);
        Assert.Null(_index.Remove("p"u8, Filter("a/#"), "anna"));
        Assert.Null(_index.Remove("p"u8, Filter("a/+"), "bert"));
        Assert.Null(_index.Remove("other"u8, Filter("a/#"), "bert"));
        Assert.Equal(1, _index.Count);
    }

    [Fact]
    public void Removing_all_of_a_subscriber_leaves_the_others()
    {
        string[] filters = ["a", "a/b", "a/+", "+/b", "#", "a/#", "c/d/e"];
        foreach (var filter in filters)
        {
            Add("anna", filter);
            Add("bert", filter);
        }

        Assert.Equal(filters.Length, _index.RemoveAll("p"u8, "anna"));
        Assert.Equal(0, _index.RemoveAll("p"u8, "anna"));
        Assert.Equal(filters.Length, _index.Count);
        foreach (var topic in (string[])["a", "a/b", "c/d/e"])
        {
            Assert.Equal(["bert"], Subscribers(topic));
        }

        Assert.Equal(filters.Length, _index.RemoveAll("p"u8, "bert"));
        Assert.Equal(0, _index.Count);
        Assert.True(Match("a/b").IsEmpty);
    }

    [Fact]
    public void Products_do_not_see_each_other()
    {
        Add("anna", "#");
        _index.AddOrReplace("q"u8, new Subscription<string>(Filter("#"), default, 0, null, "quinn"));
        Assert.Equal(["anna"], Subscribers("a"));
        Assert.Equal("quinn", _index.Match("q"u8, "a"u8).Subscribers[0].Subscriber);
        Assert.True(_index.Match("r"u8, "a"u8).IsEmpty);
    }

    [Fact]
    public void Wildcards_do_not_see_topics_that_start_with_a_dollar()
    {
        Add("anna", "#");
        Add("bert", "+/a");
        Add("carl", "$SYS/#");
        Assert.Equal(["carl"], Subscribers("$SYS/a"));
    }

    [Theory]
    [InlineData("devices/a/events", "devices/b/#", true)]
    [InlineData("devices/a/events", "devices/a/#", false)]
    [InlineData("devices/a/events", "devices/+/events", false)]
    [InlineData("devices/a/events", "#", false)]
    [InlineData("devices/a/events", "broadcast/#", true)]
    public void A_change_elsewhere_leaves_a_cached_match_alone(string topic, string changed, bool isKept)
    {
        Add("anna", topic);
        var before = Match(topic);
        Assert.Same(before, Match(topic));
        Add("bert", changed);
        Assert.Equal(isKept, ReferenceEquals(before, Match(topic)));
        Assert.Equal(isKept ? ["anna"] : ["anna", "bert"], Subscribers(topic));
    }

    [Fact]
    public void The_version_grows_with_each_change_and_only_then()
    {
        var before = _index.Version;
        Add("anna", "a");
        var added = _index.Version;
        Assert.True(added > before);
        Match("a");
        _index.Remove("p"u8, Filter("b"), "anna");
        Assert.Equal(added, _index.Version);
        _index.Remove("p"u8, Filter("a"), "anna");
        Assert.True(_index.Version > added);
    }

    [Fact]
    public void A_record_before_since_is_covered_only_by_an_older_subscription()
    {
        _index.AddOrReplace("p"u8, new Subscription<string>(Filter("a"), default, 0, [10, 20], "anna"));
        var match = Match("a").Subscribers[0];
        Assert.False(match.Covers(1, 19));
        Assert.True(match.Covers(1, 20));
        Assert.True(match.Covers(0, 10));
        match.Subscriptions[0].Since = null;
        Assert.True(match.Covers(1, 0));
    }

    [Fact]
    public void The_deepest_filters_are_kept_apart()
    {
        var deep = string.Concat(Enumerable.Repeat("a/", 127));
        Add("anna", deep + "b");
        Add("bert", deep + "c");
        Add("carl", deep + "+");
        Assert.Equal(["anna", "carl"], Subscribers(deep + "b"));
        Assert.Equal(["bert", "carl"], Subscribers(deep + "c"));
        Assert.Empty(Subscribers(new string('/', 65_534)));
    }

    [Fact]
    public void A_match_that_is_cached_allocates_nothing()
    {
        Add("anna", "devices/+/events/#");
        Add("anna", "devices/d1/#");
        Add("bert", "#");
        var topic = "devices/d1/events/temperature"u8;
        var matched = 0;
        var least = long.MaxValue;

        // The runtime may allocate once on this thread for reasons of its own; what a match allocates, it allocates in every round.
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var count = 0; count < 1_000; count++)
            {
                matched += _index.Match("p"u8, topic).Subscribers.Length;
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        Assert.Equal(10_000, matched);
    }

    [Fact]
    public void Many_subscribers_of_one_filter_are_all_found_and_removed()
    {
        var subscribers = Enumerable.Range(0, 5_000).Select(number => $"subscriber {number}").ToArray();
        foreach (var subscriber in subscribers)
        {
            Add(subscriber, "broadcast/#");
        }

        Assert.Equal(subscribers.Order(), Subscribers("broadcast/a"));
        foreach (var subscriber in subscribers.Skip(1))
        {
            Assert.Equal(1, _index.RemoveAll("p"u8, subscriber));
        }

        Assert.Equal([subscribers[0]], Subscribers("broadcast/a"));
    }

    private static TopicFilter Filter(string text)
    {
        Assert.True(TopicFilter.TryParse(text, out var filter, out var problem), problem);
        return filter;
    }

    private Subscription<string> Add(string subscriber, string filter, QualityOfService qualityOfService = default, uint identifier = 0)
        => Add(subscriber, filter, new SubscriptionOptions(qualityOfService), identifier);

    private Subscription<string> Add(string subscriber, string filter, SubscriptionOptions options, uint identifier = 0)
    {
        var subscription = new Subscription<string>(Filter(filter), options, identifier, null, subscriber);
        Assert.Null(_index.AddOrReplace("p"u8, subscription));
        return subscription;
    }

    private SubscriptionMatches<string> Match(string topic) => _index.Match("p"u8, Encoding.UTF8.GetBytes(topic));

    private string[] Subscribers(string topic) => [.. Match(topic).Subscribers.ToArray().Select(match => match.Subscriber).Order()];
}
