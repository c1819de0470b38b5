using System.Text;
using CsCheck;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Tests.Topics;
using Holdfast.Broker.Topics;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Subscriptions;

/// <summary>The index beside a list that is searched from end to end.</summary>
public sealed class SubscriptionIndexModelTests
{
    private static readonly string[] Subscribers = ["anna", "bert", "carl"];

    private enum Step
    {
        Add,
        Remove,
        RemoveAll,
    }

    [Fact]
    public void After_any_changes_it_matches_what_the_list_matches()
    {
        var step = Gen.Frequency((6, Gen.Const(Step.Add)), (3, Gen.Const(Step.Remove)), (1, Gen.Const(Step.RemoveAll)));
        var change = Gen.Select(step, TopicGenerators.OneOf(Subscribers), TopicGenerators.Filter, Gen.Int[0, 2]);
        Gen.Select(change.Array[1, 60], TopicGenerators.Topic.Array[4]).Sample(
            (changes, topics) =>
            {
                var index = new SubscriptionIndex<string>();
                var model = new Dictionary<(string Subscriber, string Filter), QualityOfService>();
                foreach (var (kind, subscriber, filter, qualityOfService) in changes)
                {
                    Apply(index, model, kind, subscriber, filter, (QualityOfService)qualityOfService);
                    Assert.Equal(model.Count, index.Count);
                    foreach (var topic in topics)
                    {
                        Assert.Equal(Expected(model, topic), Actual(index, topic));
                    }
                }
            },
            iter: 1_000);
    }

    private static void Apply(
        SubscriptionIndex<string> index,
        Dictionary<(string Subscriber, string Filter), QualityOfService> model,
        Step step,
        string subscriber,
        string text,
        QualityOfService qualityOfService)
    {
        Assert.True(TopicFilter.TryParse(text, out var filter, out _));
        switch (step)
        {
            case Step.Add:
                var added = new Subscription<string>(filter, new SubscriptionOptions(qualityOfService), 0, null, subscriber);
                Assert.Equal(model.ContainsKey((subscriber, text)), index.AddOrReplace("p"u8, added) is not null);
                model[(subscriber, text)] = qualityOfService;
                break;
            case Step.Remove:
                Assert.Equal(model.Remove((subscriber, text)), index.Remove("p"u8, filter, subscriber) is not null);
                break;
            default:
                var own = model.Keys.Where(key => key.Subscriber == subscriber).ToList();
                own.ForEach(key => model.Remove(key));
                Assert.Equal(own.Count, index.RemoveAll("p"u8, subscriber));
                break;
        }
    }

    private static IEnumerable<(string, QualityOfService, int)> Expected(
        Dictionary<(string Subscriber, string Filter), QualityOfService> model, string topic)
        => model.Where(pair => FilterOracle.Matches(pair.Key.Filter, topic))
            .GroupBy(pair => pair.Key.Subscriber)
            .Select(group => (group.Key, group.Max(pair => pair.Value), group.Count()))
            .Order();

    private static IEnumerable<(string, QualityOfService, int)> Actual(SubscriptionIndex<string> index, string topic)
        => index.Match("p"u8, Encoding.UTF8.GetBytes(topic)).Subscribers.ToArray()
            .Select(match => (match.Subscriber, match.QualityOfService, match.Subscriptions.Length))
            .Order();
}
