using Holdfast.Broker.Sessions;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Tests.Sessions;

public sealed class SessionSubscriptionsTests : IDisposable
{
    private readonly BrokerMetrics _metrics = new();
    private readonly SessionServices _services;
    private readonly Session _session;

    public SessionSubscriptionsTests()
    {
        _services = SessionServicesFactory.Create(_metrics);
        _session = new Session(_services, 1, "default", "client");
    }

    [Fact]
    public void Each_subscription_is_found_by_its_filter_until_it_is_removed()
    {
        for (var number = 0; number < 1000; number++)
        {
            Set(FilterOf(number));
        }

        for (var number = 0; number < 1000; number += 2)
        {
            Assert.True(_session.Subscriptions.Remove(Parse(FilterOf(number))));
            Assert.False(_session.Subscriptions.Remove(Parse(FilterOf(number))));
        }

        for (var number = 0; number < 1000; number++)
        {
            Assert.Equal(number % 2 == 1 ? FilterOf(number) : null, _session.Subscriptions.Find(Parse(FilterOf(number)))?.Filter.ToString());
        }

        Assert.Equal(500, _session.Subscriptions.Count);
        Assert.Equal(500, _session.Subscriptions.All.Count());
        Assert.Equal(500, _services.Subscriptions.Count);
    }

    [Fact]
    public void A_subscription_takes_the_place_of_the_one_with_the_same_filter()
    {
        Set("a/+");
        var second = Set("a/+");

        Assert.Same(second, _session.Subscriptions.Find(Parse("a/+")));
        Assert.Same(second, Assert.Single(_session.Subscriptions.All));
        Assert.Equal(1, _services.Subscriptions.Count);
    }

    [Fact]
    public void The_end_of_a_session_leaves_the_subscriptions_of_others_in_the_index()
    {
        var other = new Session(_services, 2, "default", "other");
        other.Subscriptions.Set(new Subscription<LogSubscriber>(Parse("a/#"), default, 0, null, other));
        Set("a/#");
        Set("a/b");
        Set("c");

        _session.Subscriptions.LeaveIndex();

        Assert.Equal(1, _services.Subscriptions.Count);
        Assert.Same(other, Assert.Single(_services.Subscriptions.Match("default"u8, "a/b"u8).Subscribers.ToArray()).Subscriber);
        Assert.True(_services.Subscriptions.Match("default"u8, "c"u8).IsEmpty);
    }

    /// <summary>What a million filters take is decided here: the subscription, its filter, and a place in the session's table and in the index's.</summary>
    [Fact]
    public void A_filter_costs_few_bytes()
    {
        const int Filters = 20_000;
        string[] filters = [.. Enumerable.Range(0, Filters).Select(FilterOf)];
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var filter in filters)
        {
            Set(filter);
        }

        // The tables' earlier sizes included, which are garbage by now.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Filters, 1, 200);
    }

    public void Dispose() => _metrics.Dispose();

    private static string FilterOf(int number) => $"bench/+/{number:D6}/state";

    private static TopicFilter Parse(string text)
    {
        Assert.True(TopicFilter.TryParse(text, out var filter, out var problem), problem);
        return filter;
    }

    private Subscription<LogSubscriber> Set(string filter)
    {
        var subscription = new Subscription<LogSubscriber>(Parse(filter), default, 0, null, _session);
        _session.Subscriptions.Set(subscription);
        return subscription;
    }
}
