using System.Globalization;
using System.Text;

namespace Holdfast.Server.Bench.Results;

/// <summary>Results as text, for terminals of 80 columns.</summary>
internal static class BenchReport
{
    /// <summary>A result as text.</summary>
    /// <param name="result">The result.</param>
    public static string Format(BenchResult result)
    {
        IEnumerable<string[]> rows = BenchFigure.All
            .Where(figure => figure.Value(result) is not null)
            .Select(figure => new[] { TitleOf(figure.Title, result), figure.Format(figure.Value(result)!.Value) });
        return string.Join('\n', [Heading(result), Table([.. rows]), .. Remarks([result])]);
    }

    /// <summary>A comparison as text.</summary>
    /// <param name="comparison">The comparison.</param>
    public static string Format(BenchComparison comparison)
    {
        (BenchResult a, BenchResult b) = (comparison.A[0], comparison.B[0]);
        List<string[]> rows = [["", a.Broker, b.Broker, "ratio"]];
        foreach (ComparedFigure compared in comparison.Figures)
        {
            Func<double, string> format = BenchFigure.Find(compared.Title).Format;
            rows.Add([TitleOf(compared.Title, a), Write(compared.A, format), Write(compared.B, format), compared.Ratio is { } ratio ? Times(ratio) : ""]);
        }

        return string.Join('\n', [
            $"{Heading(a)}, medians of {comparison.A.Count}", Table(rows), "",
            $"{a.Unit} a second, by round", RoundsOf(comparison.A), RoundsOf(comparison.B), .. Remarks([.. comparison.A, .. comparison.B])]);
    }

    /// <summary>One line for a run that is part of something larger.</summary>
    /// <param name="result">The result.</param>
    public static string FormatLine(BenchResult result)
    {
        string[] parts =
        [
            $"{BenchFigure.Number(result.PerSecond)} {result.Unit}/s",
            .. result.Latency is { } latency ? [$"p99 {BenchFigure.Milliseconds(latency.P99)}"] : Array.Empty<string>(),
            .. result.BrokerProcess?.CpuMicrosecondsEach is { } cpu ? [$"{BenchFigure.Microseconds(cpu)} CPU"] : Array.Empty<string>(),
            .. result.Idle?.ResidentBytesEach is { } bytes ? [$"{BenchFigure.Bytes(bytes)} each"] : Array.Empty<string>(),
            .. result.Errors.Count > 0 ? [$"{result.Errors.Sum(error => error.Count)} errors ({result.Errors[0].Reason})"] : Array.Empty<string>(),
        ];
        return string.Join(", ", parts);
    }

    private static string Heading(BenchResult result)
    {
        string?[] parts =
        [
            result.Publishers > 0 ? $"{result.Publishers} publishers" : null,
            result.Subscribers > 0 ? $"{result.Subscribers} subscribers" : null,
            result.Connections > 0 ? $"{result.Connections} connections" : null,
            result.Qos is { } qos ? $"QoS {qos}" : null,
            result.PayloadBytes is { } bytes ? $"{bytes} bytes" : null,
            result.Window is { } window ? $"window {window}" : null,
            result.Rate is { } rate ? $"{rate}/s" : null,
            string.Create(CultureInfo.InvariantCulture, $"{result.Seconds:0.#} s"),
        ];
        return $"{result.Scenario}: {string.Join(", ", parts.OfType<string>())}";
    }

    // The first figures are named after what the scenario counts.
    private static string TitleOf(string title, BenchResult result) => title switch
    {
        "each second" => $"{result.Unit}/s",
        _ => title,
    };

    private static IEnumerable<string> Remarks(IReadOnlyList<BenchResult> results)
    {
        IEnumerable<string> errors = results.SelectMany(result => result.Errors).GroupBy(error => error.Reason, StringComparer.Ordinal)
            .Select(group => $"error: {BenchFigure.Number(group.Sum(error => error.Count))} x {group.Key}");
        IEnumerable<string> warnings = results.SelectMany(result => result.Warnings.Select(warning => $"warning: {(results.Count > 1 ? result.Broker + ": " : "")}{warning}"));
        string[] remarks = [.. errors, .. warnings];
        return remarks.Length == 0 ? [] : ["", .. remarks];
    }

    private static string RoundsOf(IReadOnlyList<BenchResult> rounds)
        => $"  {rounds[0].Broker}: {string.Join(", ", rounds.Select(round => BenchFigure.Number(round.PerSecond)))}";

    private static string Table(List<string[]> rows)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            text.Append(("  " + string.Join("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column])))).TrimEnd()).Append('\n');
        }

        return text.ToString().TrimEnd();
    }

    private static string Write(double? value, Func<double, string> format) => value is { } number ? format(number) : "-";

    private static string Times(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio:0.##} x");
}
