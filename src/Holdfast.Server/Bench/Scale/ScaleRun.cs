using System.Globalization;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Bench.Results;
using Holdfast.Server.Bench.Scenarios;
using Holdfast.Server.Bench.Suite;

namespace Holdfast.Server.Bench.Scale;

/// <summary>What the run of large amounts is asked for.</summary>
/// <param name="Parts">Which parts.</param>
/// <param name="Filters">The largest number of filters.</param>
/// <param name="Topics">Topics with a retained message.</param>
/// <param name="Events">Events in the log that is caught up with.</param>
/// <param name="LogBytes">Bytes of the log that is started with.</param>
/// <param name="Duration">How long each load is measured.</param>
/// <param name="Directory">Below which the brokers keep their files.</param>
internal sealed record ScaleOptions(IReadOnlyList<string> Parts, int Filters, int Topics, int Events, long LogBytes, TimeSpan Duration, string Directory);

/// <summary>Measures Holdfast beside large amounts: filters, retained messages, a long log. Each part has a broker of its own.</summary>
/// <param name="options">What is asked for.</param>
/// <param name="tell">Takes a line about what has happened.</param>
internal sealed class ScaleRun(ScaleOptions options, Action<string> tell)
{
    /// <summary>Nothing asked of it.</summary>
    public const string Idle = "idle";

    /// <summary>Many filters.</summary>
    public const string Subscriptions = "subscriptions";

    /// <summary>Many retained messages.</summary>
    public const string Retained = "retained";

    /// <summary>A long log: catching up, replaying, starting.</summary>
    public const string Log = "log";

    /// <summary>All parts.</summary>
    public static readonly IReadOnlyList<string> AllParts = [Idle, Subscriptions, Retained, Log];

    /// <summary>Fewest filters of the curve.</summary>
    private const int FewestFilters = 1000;

    /// <summary>A retrieval of a million messages takes some seconds.</summary>
    private const int RetrievalTimes = 5;

    private const int PayloadBytes = 100;
    private const int LargePayloadBytes = 10_000;

    /// <summary>Of an idle server more than of a load shows only after a while.</summary>
    private const int IdleTimes = 3;

    /// <summary>Runs it.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="BenchException">Something cannot be measured.</exception>
    public async Task<IReadOnlyList<ScaleLine>> RunAsync(CancellationToken cancellationToken)
    {
        var lines = new List<ScaleLine>();
        foreach (string part in options.Parts)
        {
            tell($"{part} ...");
            IReadOnlyList<ScaleLine> measured = await (part switch
            {
                Idle => MeasureIdleAsync(cancellationToken),
                Subscriptions => MeasureSubscriptionsAsync(cancellationToken),
                Retained => MeasureRetainedAsync(cancellationToken),
                _ => MeasureLogAsync(cancellationToken),
            });
            lines.AddRange(measured);
            foreach (ScaleLine line in measured)
            {
                tell($"{line.Subject}: {line.Figure}: {line.Text}");
            }
        }

        return lines;
    }

    private async Task<IReadOnlyList<ScaleLine>> MeasureIdleAsync(CancellationToken cancellationToken)
    {
        await using ScaleNode node = await ScaleNode.StartNewAsync(options.Directory, cancellationToken);
        await node.EndAsync(isKilled: false);
        TimeSpan ready = await node.StartAsync(cancellationToken);
        TimeSpan settling = IdleTimes * options.Duration;
        await Task.Delay(settling, cancellationToken);
        ProcessUsage before = node.Usage;
        await Task.Delay(settling, cancellationToken);
        const string Subject = "an idle server";
        return
        [
            ScaleLine.Of(Subject, "ready after the start of the process", ready.TotalSeconds, Seconds, AtMost(1)),
            ScaleLine.Of(Subject, "RSS", node.Usage.ResidentBytes, BenchFigure.Bytes, AtMost(60e6)),
            ScaleLine.Of(Subject, "CPU", (node.Usage.Cpu - before.Cpu) / settling, Cores),
        ];
    }

    private async Task<IReadOnlyList<ScaleLine>> MeasureSubscriptionsAsync(CancellationToken cancellationToken)
    {
        var counts = new List<int>();
        for (long count = Math.Min(FewestFilters, options.Filters); count <= options.Filters; count *= 10)
        {
            counts.Add((int)count);
        }

        IReadOnlyList<SubscriptionsMeasurement> all = await SubscriptionsMeasurement.MeasureAsync(options.Directory, counts, options.Duration, cancellationToken);
        var lines = new List<ScaleLine>();
        foreach (SubscriptionsMeasurement one in all)
        {
            string subject = $"{BenchFigure.Number(one.Filters)} filters";
            bool isLargest = one.Filters == counts[^1];
            if (isLargest)
            {
                lines.Add(ScaleLine.Of(subject, "RSS for each, its share of session and connection included", one.BytesEach ?? 0, BenchFigure.Bytes, AtMost(200)));
            }

            lines.Add(ScaleLine.Of(subject, "CPU for each message, 10 topics", one.CachedMicroseconds ?? 0, BenchFigure.Microseconds, isLargest ? AtMost(1.5 * all[0].CachedMicroseconds ?? 0) : null));
            lines.Add(ScaleLine.Of(subject, "CPU for each message, a million topics", one.UncachedMicroseconds ?? 0, BenchFigure.Microseconds, isLargest ? AtMost(1.5 * all[0].UncachedMicroseconds ?? 0) : null));
        }

        return lines;
    }

    private async Task<IReadOnlyList<ScaleLine>> MeasureRetainedAsync(CancellationToken cancellationToken)
    {
        await using ScaleNode node = await ScaleNode.StartNewAsync(options.Directory, cancellationToken);
        long before = node.Usage.ResidentBytes;
        BenchResult result = await BenchScenarios.RunAsync(
            node.Take(BenchScenarios.Find("retained").Defaults) with { Topics = options.Topics, Duration = RetrievalTimes * options.Duration, LeavesRetained = true }, cancellationToken);
        long after = node.Usage.ResidentBytes;
        await node.EndAsync(isKilled: true);
        TimeSpan killed = await node.StartAsync(cancellationToken);
        await node.EndAsync(isKilled: false);
        TimeSpan ended = await node.StartAsync(cancellationToken);
        string subject = $"{BenchFigure.Number(options.Topics)} retained messages";
        return
        [
            ScaleLine.Of(subject, "stored/s, ten publishers with twenty in flight each", result.Retained!.StoredPerSecond, BenchFigure.Count),
            ScaleLine.Of(subject, "retrieved/s by a wildcard", result.PerSecond, BenchFigure.Count, new SuiteGoal(300_000, false)),
            ScaleLine.Of(subject, "RSS for each", (double)(after - before) / options.Topics, BenchFigure.Bytes),
            ScaleLine.Of(subject, "ready after SIGKILL", killed.TotalSeconds, Seconds, AtMost(5)),
            ScaleLine.Of(subject, "ready after an end in order", ended.TotalSeconds, Seconds, AtMost(5)),
        ];
    }

    private async Task<IReadOnlyList<ScaleLine>> MeasureLogAsync(CancellationToken cancellationToken)
    {
        await using ScaleNode node = await ScaleNode.StartNewAsync(options.Directory, cancellationToken);
        LogMeasurement log = (await LogMeasurement.MeasureAsync(node, [options.Events], PayloadBytes, true, tell, cancellationToken))[0];
        string subject = $"{BenchFigure.Number(options.Events)} events of 10,000 devices in the log";
        List<ScaleLine> lines =
        [
            ScaleLine.Of(subject, "stored/s", log.StoredPerSecond, BenchFigure.Count),
            ScaleLine.Of(subject, "bytes on disk", log.Bytes, BenchFigure.Bytes),
            ScaleLine.Of(subject, "catch-up of a session with one device's 10 events, after a restart", log.CatchUp.TotalMilliseconds, BenchFigure.Milliseconds, AtMost(50)),
            ScaleLine.Of(subject, "replay of all to a session with a wildcard, events/s", options.Events / log.Replay!.Value.TotalSeconds, BenchFigure.Count, new SuiteGoal(1e6, false)),
        ];
        var filler = new LogFiller(RunName.Take());
        while (DirectoryUsage.Read(node.Data).Bytes < options.LogBytes)
        {
            long missing = (options.LogBytes - DirectoryUsage.Read(node.Data).Bytes) / LargePayloadBytes;
            await filler.FillAsync(node.Take(BenchScenarios.Find("ingest").Defaults), (int)Math.Clamp(missing, 1000, 200_000), LargePayloadBytes, cancellationToken);
        }

        long bytes = DirectoryUsage.Read(node.Data).Bytes;
        await node.EndAsync(isKilled: true);
        TimeSpan killed = await node.StartAsync(cancellationToken);
        await node.EndAsync(isKilled: false);
        TimeSpan ended = await node.StartAsync(cancellationToken);
        string large = $"a log of {BenchFigure.Bytes(bytes)}";
        lines.Add(ScaleLine.Of(large, "ready after SIGKILL", killed.TotalSeconds, Seconds, AtMost(1)));
        lines.Add(ScaleLine.Of(large, "ready after an end in order", ended.TotalSeconds, Seconds, AtMost(1)));
        lines.Add(ScaleLine.Of(large, "RSS when ready", node.Usage.ResidentBytes, BenchFigure.Bytes));
        return lines;
    }

    private static SuiteGoal AtMost(double bound) => new(bound, true);

    private static string Seconds(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.00} s");

    private static string Cores(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.000} cores");
}
