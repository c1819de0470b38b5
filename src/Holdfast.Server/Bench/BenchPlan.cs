namespace Holdfast.Server.Bench;

/// <summary>Who publishes where and who subscribes to what in a scenario.</summary>
/// <param name="PublisherTopics">One topic for each publisher.</param>
/// <param name="SubscriberFilters">One filter for each subscriber.</param>
internal sealed record BenchPlan(IReadOnlyList<string> PublisherTopics, IReadOnlyList<string> SubscriberFilters)
{
    /// <summary>How many deliveries each published message should give.</summary>
    public int DeliveriesPerMessage { get; private init; }

    /// <summary>Lays out a scenario.</summary>
    /// <param name="options">The task.</param>
    /// <param name="run">A name that no other run has, so that runs do not meet.</param>
    public static BenchPlan Make(BenchOptions options, string run)
    {
        string[] own = [.. Enumerable.Range(0, options.Publishers).Select(index => $"bench/{run}/{index}")];
        string everything = $"bench/{run}/#";
        return options.Scenario switch
        {
            BenchScenario.One => new BenchPlan([own[0]], [own[0]]) { DeliveriesPerMessage = 1 },
            BenchScenario.FanOut => new BenchPlan([own[0]], [.. Enumerable.Repeat(own[0], options.Subscribers)]) { DeliveriesPerMessage = options.Subscribers },
            BenchScenario.Pairs => new BenchPlan(own, own) { DeliveriesPerMessage = 1 },
            BenchScenario.Ingest => new BenchPlan(own, []),
            _ => new BenchPlan(own, [.. Enumerable.Repeat(everything, options.Subscribers)]) { DeliveriesPerMessage = options.Subscribers },
        };
    }
}
