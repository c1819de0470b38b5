using System.Text;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Tests.Subscriptions;

public sealed class SubscriptionIndexConcurrencyTests
{
    private const int Rounds = 3_000;

    private readonly SubscriptionIndex<string> _index = new();

    [Fact]
    public async Task A_match_after_a_change_sees_it_while_others_match_and_change()
    {
        Add("always", "a/+/c");
        using var end = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() => ReadUntil(end.Token), TestContext.Current.CancellationToken)).ToArray();
        var writers = Enumerable.Range(0, 2).Select(number => Task.Run(() => ChangeAndCheck($"writer {number}"), TestContext.Current.CancellationToken)).ToArray();
        try
        {
            await Task.WhenAll(writers);
        }
        finally
        {
            await end.CancelAsync();
        }

        await Task.WhenAll(readers);
        Assert.Equal(1, _index.Count);
        Assert.Equal(["always"], Subscribers("a/b/c"));
    }

    [Fact]
    public async Task A_subscription_that_is_only_replaced_is_always_matched_exactly_once()
    {
        Add("anna", "a/b");
        Add("bert", "a/b");
        using var end = new CancellationTokenSource();
        var reader = Task.Run(
            () =>
            {
                while (!end.IsCancellationRequested)
                {
                    Assert.Equal(["anna", "bert"], Subscribers("a/b"));
                }
            },
            TestContext.Current.CancellationToken);
        for (var round = 0; round < Rounds; round++)
        {
            Add("anna", "a/b");

            // Filters that come and go beside it rebuild the node above.
            Add("carl", "a/+/x");
            Add("carl", "a/b/x");
            _index.RemoveAll("p"u8, "carl");
        }

        await end.CancelAsync();
        await reader;
    }

    [Fact]
    public async Task A_subscriber_that_moves_from_filter_to_filter_is_never_missed()
    {
        // A walk that is overtaken looks where she is not yet, then where she is no more. The others make it long.
        for (var number = 0; number < 300; number++)
        {
            Add($"other {number}", "a/b");
        }

        Add("anna", "a/b");
        using var end = new CancellationTokenSource();
        var mover = Task.Run(
            () =>
            {
                while (!end.IsCancellationRequested)
                {
                    Add("anna", "a/+");
                    _index.Remove("p"u8, Filter("a/b"), "anna");
                    Add("anna", "a/b");
                    _index.Remove("p"u8, Filter("a/+"), "anna");
                }
            },
            TestContext.Current.CancellationToken);
        var missed = 0;
        for (var round = 0; round < Rounds; round++)
        {
            missed += _index.Match("p"u8, "a/b"u8).Subscribers.ToArray().Any(match => match.Subscriber == "anna") ? 0 : 1;
        }

        await end.CancelAsync();
        await mover;
        Assert.Equal(0, missed);
    }

    private void ReadUntil(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var subscribers = Subscribers("a/b/c");
            Assert.Contains("always", subscribers);
            Assert.Equal(subscribers.Distinct(), subscribers);
        }
    }

    private void ChangeAndCheck(string subscriber)
    {
        string[] filters = ["a/b/c", "a/b/#", "a/+/c", "#", "+/b/c"];
        for (var round = 0; round < Rounds; round++)
        {
            var filter = filters[round % filters.Length];
            Add(subscriber, filter);
            Assert.Contains(subscriber, Subscribers("a/b/c"));
            Add(subscriber, "a/b/+");
            _index.Remove("p"u8, Filter(filter), subscriber);
            Assert.Contains(subscriber, Subscribers("a/b/c"));
            _index.Remove("p"u8, Filter("a/b/+"), subscriber);
            Assert.DoesNotContain(subscriber, Subscribers("a/b/c"));
        }
    }

    private static TopicFilter Filter(string text) => TopicFilter.TryParse(text, out var filter, out var problem) ? filter : throw new ArgumentException(problem);

    private void Add(string subscriber, string filter)
        => _index.AddOrReplace("p"u8, new Subscription<string>(Filter(filter), default, 0, null, subscriber));

    private string[] Subscribers(string topic)
        => [.. _index.Match("p"u8, Encoding.UTF8.GetBytes(topic)).Subscribers.ToArray().Select(match => match.Subscriber).Order()];
}
