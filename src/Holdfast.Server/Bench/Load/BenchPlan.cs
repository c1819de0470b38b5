using System.Globalization;
using Holdfast.Mqtt;

namespace Holdfast.Server.Bench.Load;

/// <summary>What a publisher publishes.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="QualityOfService">The quality of service.</param>
/// <param name="PayloadBytes">Bytes of a payload.</param>
/// <param name="Topics">Topics below it over which the publisher takes turns; with 1 it publishes to the topic itself.</param>
internal readonly record struct PublisherPlan(string Topic, QualityOfService QualityOfService, int PayloadBytes, int Topics = 1)
{
    /// <summary>A plan for each of the topics, whose names are all of the same length.</summary>
    public IEnumerable<PublisherPlan> Each()
    {
        PublisherPlan plan = this;
        return Topics == 1 ? [this] : Enumerable.Range(0, Topics).Select(index => plan with { Topic = string.Create(CultureInfo.InvariantCulture, $"{plan.Topic}/{index:D6}"), Topics = 1 });
    }
}

/// <summary>What a subscriber subscribes to.</summary>
/// <param name="Filter">Its filter.</param>
/// <param name="QualityOfService">The quality of service.</param>
internal readonly record struct SubscriberPlan(string Filter, QualityOfService QualityOfService);

/// <summary>Who publishes where and who subscribes to what in a scenario.</summary>
/// <param name="Publishers">The publishers.</param>
/// <param name="Subscribers">The subscribers.</param>
/// <param name="DeliveriesPerMessage">How many deliveries each published message should give.</param>
internal sealed record BenchPlan(IReadOnlyList<PublisherPlan> Publishers, IReadOnlyList<SubscriberPlan> Subscribers, int DeliveriesPerMessage)
{
    /// <summary>Sizes of the mixed scenario, in bytes.</summary>
    public static readonly IReadOnlyList<int> MixedSizes = [16, 100, 1000, 10_000];

    /// <summary>Lays out a scenario.</summary>
    /// <param name="options">The task.</param>
    /// <param name="run">A name that no other run has, so that runs do not meet.</param>
    public static BenchPlan Make(BenchOptions options, string run)
    {
        string[] topics = [.. Enumerable.Range(0, options.Publishers).Select(index => $"bench/{run}/{index}")];
        PublisherPlan[] all = [.. topics.Select(topic => new PublisherPlan(topic, options.QualityOfService, options.PayloadBytes, options.TopicsEach))];
        string[] filters = options.TopicsEach == 1 ? topics : [.. topics.Select(topic => topic + "/#")];
        return options.Scenario switch
        {
            BenchScenario.Ingest => new BenchPlan(all, [], 0),
            BenchScenario.One => new BenchPlan([all[0]], Subscribe(options, [filters[0]]), 1),
            BenchScenario.FanOut => new BenchPlan([all[0]], Subscribe(options, Enumerable.Repeat(filters[0], options.Subscribers)), options.Subscribers),
            BenchScenario.Pairs => new BenchPlan(all, Subscribe(options, filters), 1),
            BenchScenario.Mixed => new BenchPlan(Mix(topics), Subscribe(options, [.. topics, .. Everything(options, run)]), 1 + options.Subscribers),
            BenchScenario.Shared => new BenchPlan(all, Subscribe(options, Enumerable.Repeat($"$share/bench-{run}/bench/{run}/#", options.Subscribers)), 1),
            _ => new BenchPlan(all, Subscribe(options, Everything(options, run)), options.Subscribers),
        };
    }

    private static IEnumerable<string> Everything(BenchOptions options, string run) => Enumerable.Repeat($"bench/{run}/#", options.Subscribers);

    private static SubscriberPlan[] Subscribe(BenchOptions options, IEnumerable<string> filters)
        => [.. filters.Select(filter => new SubscriberPlan(filter, options.QualityOfService))];

    // Each quality of service meets each size.
    private static PublisherPlan[] Mix(string[] topics)
        => [.. topics.Select((topic, index) => new PublisherPlan(topic, (QualityOfService)(index % 3), MixedSizes[index / 3 % MixedSizes.Count]))];
}
