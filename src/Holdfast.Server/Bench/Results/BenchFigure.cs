using System.Globalization;

namespace Holdfast.Server.Bench.Results;

/// <summary>One number of a result: how it is called, found and written.</summary>
/// <param name="Title">Its name in a table.</param>
/// <param name="Value">The number; null when the run has none.</param>
/// <param name="Format">How it is written.</param>
/// <param name="HasRatio">Whether one broker's by another's says something.</param>
internal sealed record BenchFigure(string Title, Func<BenchResult, double?> Value, Func<double, string> Format, bool HasRatio = true)
{
    /// <summary>All figures, in the order of the report.</summary>
    public static readonly IReadOnlyList<BenchFigure> All =
    [
        new("each second", result => result.PerSecond, Count),
        new("worst second", result => result.WorstSecond, Count),
        new("published", result => result.Publishers == 0 ? null : result.Published, Number, false),
        new("acknowledged", result => result.Publishers == 0 ? null : result.Acknowledged, Number, false),
        new("delivered", result => result.Subscribers == 0 ? null : result.Delivered, Number, false),
        new("missing", result => result.Missing, Number, false),
        new("lost at QoS 0", result => result.LostAtQosZero, Number, false),
        new("latency p50", result => result.Latency?.P50, Milliseconds),
        new("latency p99", result => result.Latency?.P99, Milliseconds),
        new("latency p99.9", result => result.Latency?.P999, Milliseconds),
        new("latency max", result => result.Latency?.Maximum, Milliseconds),
        new("p99 of the worst second", result => result.WorstSecondP99, Milliseconds),
        new("RSS for each connection", result => result.Idle?.ResidentBytesEach, Bytes),
        new("broker CPU while idle", result => result.Idle?.BrokerCpuCores, Cores),
        new("all connected after", result => result.Reconnect?.ConnectedSeconds, Seconds),
        new("all drained after", result => result.Reconnect?.DrainedSeconds, Seconds),
        new("fairness over clients", result => result.Reconnect?.Fairness, Share),
        new("retained stored/s", result => result.Retained?.StoredPerSecond, Number),
        new("retrievals", result => result.Retained?.Retrievals, Number, false),
        new("least share of a member", result => result.Shared?.LeastShare, Share),
        new("largest share of a member", result => result.Shared?.LargestShare, Share),
        new("fairness over members", result => result.Shared?.Fairness, Share),
        new("broker CPU for each", result => result.BrokerProcess?.CpuMicrosecondsEach, Microseconds),
        new("broker CPU", result => result.BrokerProcess?.CpuCores, Cores),
        new("broker RSS at start", result => result.BrokerProcess?.ResidentAtStart, Bytes),
        new("broker RSS at end", result => result.BrokerProcess?.ResidentAtEnd, Bytes),
        new("broker RSS peak", result => result.BrokerProcess?.ResidentPeak, Bytes),
        new("broker RSS trend, a minute", result => result.BrokerProcess?.ResidentTrend, Bytes, false),
        new("broker threads at start", result => result.BrokerProcess?.ThreadsAtStart, Number, false),
        new("broker threads at end", result => result.BrokerProcess?.ThreadsAtEnd, Number, false),
        new("broker open files at start", result => result.BrokerProcess?.OpenFilesAtStart, Number, false),
        new("broker open files at end", result => result.BrokerProcess?.OpenFilesAtEnd, Number, false),
        new("data at start", result => result.Data?.BytesAtStart, Bytes, false),
        new("data at end", result => result.Data?.BytesAtEnd, Bytes, false),
        new("data peak", result => result.Data?.BytesPeak, Bytes, false),
        new("data trend, a minute", result => result.Data?.BytesTrend, Bytes, false),
        new("data files at start", result => result.Data?.FilesAtStart, Number, false),
        new("data files at end", result => result.Data?.FilesAtEnd, Number, false),
        new("data files peak", result => result.Data?.FilesPeak, Number, false),
        new("generator CPU for each", result => result.Generator.CpuMicrosecondsEach, Microseconds, false),
        new("generator CPU", result => result.Generator.CpuCores, Cores, false),
        new("generator late p99", result => result.Generator.LateP99, Milliseconds, false),
        new("generator late max", result => result.Generator.LateMaximum, Milliseconds, false),
        new("CPU of other processes", result => result.Generator.OtherCpuCores, Cores, false),
        new("errors", result => result.Errors.Sum(error => error.Count), Number, false),
    ];

    /// <summary>A figure by its name.</summary>
    /// <param name="title">The name.</param>
    public static BenchFigure Find(string title) => All.Single(figure => figure.Title == title);

    /// <summary>The middle of the values of several runs; with an even number the mean of the two in the middle; null without any.</summary>
    /// <param name="results">The runs.</param>
    public double? MedianOf(IEnumerable<BenchResult> results)
    {
        double[] values = [.. results.Select(Value).OfType<double>().Order()];
        return values.Length == 0 ? null : (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    }

    /// <summary>A whole number with thousands separated.</summary>
    /// <param name="value">The number.</param>
    public static string Number(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A number in thousands when it is large enough for that.</summary>
    /// <param name="value">The number.</param>
    public static string Count(double value) => value >= 20_000 ? Number(value / 1000) + " k" : Number(value);

    /// <summary>Milliseconds.</summary>
    /// <param name="value">The number.</param>
    public static string Milliseconds(double value) => Significant(value) + " ms";

    /// <summary>Microseconds.</summary>
    /// <param name="value">The number.</param>
    public static string Microseconds(double value) => Significant(value) + " µs";

    /// <summary>Bytes, with a unit that fits.</summary>
    /// <param name="value">The number.</param>
    public static string Bytes(double value) => Math.Abs(value) switch
    {
        >= 1e9 => Significant(value / 1e9) + " GB",
        >= 1e6 => Significant(value / 1e6) + " MB",
        >= 1e3 => Significant(value / 1e3) + " kB",
        _ => Number(value) + " B",
    };

    private static string Seconds(double value) => Significant(value) + " s";

    private static string Cores(double value) => value.ToString(value < 0.1 ? "0.000" : "0.00", CultureInfo.InvariantCulture) + " cores";

    private static string Share(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    // Three digits say as much as a measurement is worth.
    private static string Significant(double value) => value.ToString(Math.Abs(value) >= 100 ? "#,0" : Math.Abs(value) >= 10 ? "0.#" : "0.##", CultureInfo.InvariantCulture);
}
