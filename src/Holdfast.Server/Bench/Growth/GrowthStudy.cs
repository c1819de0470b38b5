using Holdfast.Mqtt;
using Holdfast.Server.Bench.Results;
using Holdfast.Server.Bench.Scale;

namespace Holdfast.Server.Bench.Growth;

/// <summary>The curves: each with a fresh broker, or with one for each point where points would disturb each other.</summary>
/// <param name="directory">Below which the brokers keep their files.</param>
/// <param name="duration">How long each load is measured.</param>
/// <param name="limit">Quantities above this are left out.</param>
/// <param name="tell">Takes a line about what has happened.</param>
internal sealed class GrowthStudy(string directory, TimeSpan duration, int limit, Action<string> tell)
{
    private const int SmallPayloadBytes = 100;

    /// <summary>The names of the curves.</summary>
    public static readonly IReadOnlyList<string> Names = ["payload", "publishers", "subscribers", "topics", "subscriptions", "log", "connections"];

    /// <summary>Measures a curve.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public Task<GrowthCurve> MeasureAsync(string name, CancellationToken cancellationToken) => name switch
    {
        "payload" => LoadsAsync(name, "payload, bytes", [16, 64, 256, 1000, 4000, 16_000, 64_000, 256_000],
        [
            new Load("1 → 1, QoS 0", size => Defaults("one") with { PayloadBytes = size }),
            new Load("ingest of 100, QoS 1", size => Acknowledged("ingest") with { PayloadBytes = size }),
        ], withBytes: true, cancellationToken),
        "publishers" => LoadsAsync(name, "publishers", [1, 3, 10, 30, 100, 300, 1000, 3000],
            [new Load("ingest, QoS 1", count => Acknowledged("ingest") with { Publishers = count })], withBytes: false, cancellationToken),
        "subscribers" => LoadsAsync(name, "subscribers of one topic", [1, 3, 10, 30, 100, 300, 1000, 3000],
            [new Load("fan-out, QoS 0", count => Defaults("fan-out") with { Subscribers = count })], withBytes: false, cancellationToken),
        "topics" => LoadsAsync(name, "topics in all", [100, 1000, 10_000, 100_000, 1_000_000],
        [
            new Load("100 pairs, QoS 0", count => Defaults("pairs") with { TopicsEach = count / 100 }),
            new Load("ingest of 100, QoS 1", count => Acknowledged("ingest") with { TopicsEach = count / 100 }),
        ], withBytes: false, cancellationToken),
        "subscriptions" => SubscriptionsAsync(name, cancellationToken),
        "log" => LogAsync(name, cancellationToken),
        _ => ConnectionsAsync(name, cancellationToken),
    };

    private async Task<GrowthCurve> LoadsAsync(string name, string quantity, int[] values, Load[] loads, bool withBytes, CancellationToken cancellationToken)
    {
        var points = new List<GrowthPoint>();
        await using ScaleNode node = await ScaleNode.StartNewAsync(directory, cancellationToken);
        foreach (int value in Allowed(values))
        {
            var measured = new List<double?>();
            foreach (Load load in loads)
            {
                BenchResult result = await BenchScenarios.RunAsync(node.Take(load.Options(value)) with { Duration = duration, WarmUp = duration / 2 }, cancellationToken);
                tell($"{name} {value}, {load.Title}: {BenchReport.FormatLine(result)}");
                measured.Add(result.PerSecond);
                if (withBytes)
                {
                    measured.Add(result.PerSecond * value / 1e6);
                }

                measured.Add(result.BrokerProcess?.CpuMicrosecondsEach);
                measured.Add(result.Latency?.P99);
            }

            points.Add(new GrowthPoint(value, measured));
        }

        string[] each = withBytes ? ["messages/s", "MB/s", "broker CPU for each, µs", "p99 at full load, ms"] : ["messages/s", "broker CPU for each, µs", "p99 at full load, ms"];
        return new GrowthCurve(name, quantity, [.. loads.SelectMany(load => each.Select(measure => $"{load.Title}: {measure}"))], points);
    }

    private async Task<GrowthCurve> SubscriptionsAsync(string name, CancellationToken cancellationToken)
    {
        IReadOnlyList<SubscriptionsMeasurement> all = await SubscriptionsMeasurement.MeasureAsync(directory, Allowed([1000, 10_000, 100_000, 1_000_000]), duration, cancellationToken);
        return new GrowthCurve(
            name,
            "filters",
            ["QoS 0, 10 topics: broker CPU for each, µs", "QoS 0, a million topics: broker CPU for each, µs", "RSS for each filter, bytes"],
            [.. all.Select(one => new GrowthPoint(one.Filters, [one.CachedMicroseconds, one.UncachedMicroseconds, one.BytesEach]))]);
    }

    private async Task<GrowthCurve> LogAsync(string name, CancellationToken cancellationToken)
    {
        await using ScaleNode node = await ScaleNode.StartNewAsync(directory, cancellationToken);
        IReadOnlyList<LogMeasurement> all = await LogMeasurement.MeasureAsync(node, Allowed([100_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000]), SmallPayloadBytes, false, tell, cancellationToken);
        return new GrowthCurve(
            name,
            "events in the log",
            ["ready after SIGKILL, s", "catch-up of one device after the restart, ms", "stored/s while it grew", "RSS after both, MB"],
            [.. all.Select(one => new GrowthPoint(one.Events, [one.ReadyAfterKill.TotalSeconds, one.CatchUp.TotalMilliseconds, one.StoredPerSecond, one.ResidentBytes / 1e6]))]);
    }

    private async Task<GrowthCurve> ConnectionsAsync(string name, CancellationToken cancellationToken)
    {
        var points = new List<GrowthPoint>();
        foreach (int count in Allowed([100, 300, 1000, 3000, 10_000, 15_000]))
        {
            await using ScaleNode node = await ScaleNode.StartNewAsync(directory, cancellationToken);
            BenchResult idle = await BenchScenarios.RunAsync(
                node.Take(Defaults("idle")) with { Connections = count, Duration = duration, WarmUp = duration, KeepAlive = TimeSpan.FromMinutes(1) }, cancellationToken);
            tell($"{name} {count}: {BenchReport.FormatLine(idle)}");
            points.Add(new GrowthPoint(count, [idle.PerSecond, idle.Idle?.ResidentBytesEach, idle.Idle?.BrokerCpuCores]));
        }

        return new GrowthCurve(name, "connections", ["connects/s", "RSS for each, bytes", "broker CPU with a PINGREQ a minute each, cores"], points);
    }

    private int[] Allowed(int[] values) => [.. values.Where(value => value <= limit)];

    private static BenchOptions Defaults(string scenario) => BenchScenarios.Find(scenario).Defaults;

    private static BenchOptions Acknowledged(string scenario) => Defaults(scenario) with { QualityOfService = QualityOfService.AtLeastOnce };

    /// <summary>A load that grows with the quantity.</summary>
    private sealed record Load(string Title, Func<int, BenchOptions> Options);
}
