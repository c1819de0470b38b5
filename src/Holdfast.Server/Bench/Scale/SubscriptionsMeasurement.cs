using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Scale;

/// <summary>What publishing costs beside a number of filters.</summary>
/// <param name="Filters">How many.</param>
/// <param name="BytesEach">Resident memory for each filter.</param>
/// <param name="CachedMicroseconds">The broker's CPU for each message at QoS 0 of few topics, whose matches are cached.</param>
/// <param name="UncachedMicroseconds">The same of so many topics that most have to be matched anew.</param>
internal sealed record SubscriptionsMeasurement(int Filters, double? BytesEach, double? CachedMicroseconds, double? UncachedMicroseconds)
{
    private const int Pairs = 10;

    /// <summary>Far more than the broker remembers matches of.</summary>
    private const int ManyTopicsEach = 100_000;

    /// <summary>Measures beside growing numbers of filters, each with a broker of its own.</summary>
    /// <param name="parent">Where brokers keep their files.</param>
    /// <param name="counts">The numbers.</param>
    /// <param name="duration">How long each load runs.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task<IReadOnlyList<SubscriptionsMeasurement>> MeasureAsync(string parent, IReadOnlyList<int> counts, TimeSpan duration, CancellationToken cancellationToken)
    {
        var all = new List<SubscriptionsMeasurement>();
        foreach (int count in counts)
        {
            await using ScaleNode node = await ScaleNode.StartNewAsync(parent, cancellationToken);
            using var holders = new FilterHolders();
            BenchOptions load = node.Take(BenchScenarios.Find("pairs").Defaults) with { Publishers = Pairs, Duration = duration, WarmUp = duration / 2 };
            await BenchScenarios.RunAsync(load, cancellationToken);
            long before = node.Usage.ResidentBytes;
            await holders.GrowToAsync(load, count, cancellationToken);
            double each = Math.Max(0, (double)(node.Usage.ResidentBytes - before) / count);
            BenchResult cached = await BenchScenarios.RunAsync(load, cancellationToken);
            BenchResult uncached = await BenchScenarios.RunAsync(load with { TopicsEach = ManyTopicsEach }, cancellationToken);
            all.Add(new SubscriptionsMeasurement(count, Math.Round(each), cached.BrokerProcess?.CpuMicrosecondsEach, uncached.BrokerProcess?.CpuMicrosecondsEach));
        }

        return all;
    }
}
