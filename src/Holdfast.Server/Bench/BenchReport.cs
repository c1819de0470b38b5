using System.Globalization;
using System.Text;

namespace Holdfast.Server.Bench;

/// <summary>Two runs of the same scenario.</summary>
/// <param name="A">The first broker's.</param>
/// <param name="B">The second broker's.</param>
/// <param name="ThroughputRatio">Messages a second of A by those of B.</param>
/// <param name="CpuRatio">CPU for each message of A by that of B; null without both processes.</param>
/// <param name="P99Ratio">99th percentile of A by that of B; null without latencies.</param>
internal sealed record BenchComparison(BenchResult A, BenchResult B, double? ThroughputRatio, double? CpuRatio, double? P99Ratio)
{
    /// <summary>Compares two results.</summary>
    /// <param name="a">The first.</param>
    /// <param name="b">The second.</param>
    public static BenchComparison Of(BenchResult a, BenchResult b) => new(
        a, b,
        Ratio(a.MessagesPerSecond, b.MessagesPerSecond),
        Ratio(a.BrokerCpuMicrosecondsPerMessage, b.BrokerCpuMicrosecondsPerMessage),
        Ratio(a.Latency?.P99, b.Latency?.P99));

    private static double? Ratio(double? a, double? b) => a is { } dividend && b is > 0 and { } divisor ? Math.Round(dividend / divisor, 2) : null;
}

/// <summary>Results as tables.</summary>
internal static class BenchReport
{
    private static readonly (string Title, Func<BenchResult, string> Value)[] Rows =
    [
        ("messages/s", result => Number(result.MessagesPerSecond)),
        ("worst second", result => Number(result.WorstSecond)),
        ("published", result => Number(result.Published)),
        ("acknowledged", result => Number(result.Acknowledged)),
        ("delivered", result => result.Subscribers == 0 ? "-" : Number(result.Delivered)),
        ("latency p50 / p99", result => result.Latency is { } latency ? $"{Milliseconds(latency.P50)} / {Milliseconds(latency.P99)}" : "-"),
        ("latency p99.9 / max", result => result.Latency is { } latency ? $"{Milliseconds(latency.P999)} / {Milliseconds(latency.Maximum)}" : "-"),
        ("broker CPU/message", result => Microseconds(result.BrokerCpuMicrosecondsPerMessage)),
        ("broker RSS (peak)", result => result.BrokerResidentBytes is { } bytes ? $"{MegaBytes(bytes)} ({MegaBytes(result.BrokerPeakResidentBytes ?? 0)})" : "-"),
        ("generator CPU/message", result => Microseconds(result.GeneratorCpuMicrosecondsPerMessage)),
        ("connections lost", result => result.ConnectionsLost == 0 ? "0" : $"{result.ConnectionsLost} ({result.FirstFailure})"),
    ];

    /// <summary>A result as text.</summary>
    /// <param name="result">The result.</param>
    public static string Format(BenchResult result) => Heading(result) + "\n" + Table([result], []);

    /// <summary>A comparison as text.</summary>
    /// <param name="comparison">The comparison.</param>
    public static string Format(BenchComparison comparison)
    {
        var ratios = new Dictionary<string, string>
        {
            ["messages/s"] = Times(comparison.ThroughputRatio),
            ["broker CPU/message"] = Times(comparison.CpuRatio),
            ["latency p50 / p99"] = comparison.P99Ratio is { } ratio ? $"p99 {Times(ratio)}" : "-",
        };
        return $"{Heading(comparison.A)}\n{Table([comparison.A, comparison.B], ratios)}";
    }

    private static string Heading(BenchResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{result.Scenario}: {result.Publishers} publishers, {result.Subscribers} subscribers, QoS {result.Qos}, {result.PayloadBytes} bytes, window {result.Window}, {result.Seconds:0.#} s");

    private static string Table(IReadOnlyList<BenchResult> results, Dictionary<string, string> ratios)
    {
        List<string[]> lines = [];
        if (results.Count > 1)
        {
            lines.Add(["", .. results.Select(result => result.Broker), "ratio"]);
        }

        foreach ((string title, Func<BenchResult, string> value) in Rows)
        {
            lines.Add([title, .. results.Select(value), .. results.Count > 1 ? [ratios.GetValueOrDefault(title, "")] : Array.Empty<string>()]);
        }

        int[] widths = [.. Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length))];
        var text = new StringBuilder();
        foreach (string[] line in lines)
        {
            text.AppendLine(("  " + string.Join("  ", line.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column])))).TrimEnd());
        }

        return text.ToString().TrimEnd();
    }

    private static string Number(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Milliseconds(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.##} ms");

    private static string Microseconds(double? value) => value is { } number ? string.Create(CultureInfo.InvariantCulture, $"{number:0.##} µs") : "-";

    private static string MegaBytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB");

    private static string Times(double? ratio) => ratio is { } number ? string.Create(CultureInfo.InvariantCulture, $"{number:0.##} x") : "-";
}
