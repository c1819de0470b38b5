using System.Globalization;
using System.Text;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Suite;

/// <summary>Makes the suite's table.</summary>
internal static class SuiteTable
{
    /// <summary>The lines of the rows that were run.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="brokers">The brokers' names, in the order of the columns.</param>
    /// <param name="runs">The runs.</param>
    public static IReadOnlyList<SuiteLine> Make(IReadOnlyList<SuiteRow> rows, IReadOnlyList<string> brokers, IReadOnlyList<SuiteRunResult> runs)
        => [.. rows.SelectMany(row => row.Figures.Select(figure => MakeLine(row, figure, brokers, runs))).Where(line => line.Goals.Count > 0 || line.Cells.Any(cell => cell.Median is not null))];

    /// <summary>The result as a document in Markdown.</summary>
    /// <param name="result">The result.</param>
    public static string Format(SuiteResult result)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Measured on {result.StartedAt:yyyy-MM-dd} on {result.Machine}: {string.Join(", ", result.Brokers.Select(broker => broker.Version))}. ");
        text.Append(CultureInfo.InvariantCulture, $"Rounds: {result.Rounds}, each of {result.Seconds:0.#} s with a fresh broker; medians, with the lowest and highest in brackets.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| scenario | figure | {string.Join(" | ", result.Brokers.Select(broker => SuiteBroker.TitleOf(broker.Name)))} | ratio and goal |\n");
        text.Append(CultureInfo.InvariantCulture, $"|---|---|{string.Concat(Enumerable.Repeat("---|", result.Brokers.Count))}---|\n");
        string last = "";
        foreach (SuiteLine line in result.Lines)
        {
            string goals = string.Join("; ", line.Goals.Select(Describe));
            text.Append(CultureInfo.InvariantCulture, $"| {(line.Row == last ? "" : line.Row)} | {line.Figure} | {string.Join(" | ", line.Cells.Select(cell => cell.Text))} | {goals} |\n");
            last = line.Row;
        }

        foreach (string remark in RemarksOf(result.Runs))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n- {remark}");
        }

        return text.ToString().TrimEnd();
    }

    private static SuiteLine MakeLine(SuiteRow row, SuiteFigure shown, IReadOnlyList<string> brokers, IReadOnlyList<SuiteRunResult> runs)
    {
        BenchResult[][] results = [.. brokers.Select(broker => runs.Where(run => run.Row == row.Name && run.Broker == broker).Select(run => run.Result).OfType<BenchResult>().ToArray())];
        SuiteCell[] cells = [.. results.Select(rounds => MakeCell(shown.Figure, rounds))];
        BenchFigure figure = shown.Figure;
        Dictionary<string, double> medians = brokers.Zip(cells).Where(entry => entry.Second.Median is not null).ToDictionary(entry => entry.First, entry => entry.Second.Median!.Value);
        double? own = medians.TryGetValue(SuiteBroker.Holdfast, out double median) ? median : null;
        foreach (string other in shown.Goals.Select(goal => goal.TimesRow).OfType<string>())
        {
            if (figure.MedianOf(runs.Where(run => run.Row == other && run.Broker == SuiteBroker.Holdfast).Select(run => run.Result).OfType<BenchResult>()) is { } value)
            {
                medians[other] = value;
            }
        }

        string title = shown.Figure.Title == "each second" ? $"{results.SelectMany(rounds => rounds).FirstOrDefault()?.Unit ?? "?"}/s" : shown.Figure.Title;
        return new SuiteLine(row.Title, title, cells, [.. shown.Goals.Select(goal => new SuiteVerdict(
            goal.Describe(shown.Figure.Format),
            goal.Reference,
            goal.Reference is { } reference && medians.TryGetValue(reference, out double divisor) && divisor > 0 && own is { } mine ? Math.Round(mine / divisor, 2) : null,
            goal.IsMet(own, medians)))]);
    }

    private static SuiteCell MakeCell(BenchFigure figure, IReadOnlyList<BenchResult> rounds)
    {
        double[] values = [.. rounds.Select(figure.Value).OfType<double>()];
        if (values.Length == 0)
        {
            return new SuiteCell(null, null, null, "-");
        }

        double median = figure.MedianOf(rounds)!.Value;
        (string lowest, string highest) = (figure.Format(values.Min()), figure.Format(values.Max()));
        string range = lowest == highest ? "" : $" ({lowest} – {highest})";
        return new SuiteCell(median, values.Min(), values.Max(), figure.Format(median) + range);
    }

    private static string Describe(SuiteVerdict verdict)
    {
        string met = verdict.IsMet switch { true => "met", false => "**not met**", null => "not measured" };
        string reference = SuiteBroker.TitleOf(verdict.Reference ?? "");
        return verdict.Reference is null ? $"{verdict.Goal}: {met}"
            : verdict.Ratio is { } times ? string.Create(CultureInfo.InvariantCulture, $"{Ratio(times)} × {reference} ({verdict.Goal}: {met})")
            : $"{verdict.Goal} {reference}: {met}";
    }

    private static string Ratio(double times) => times.ToString(times >= 10 ? "0" : times >= 1 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    private static IEnumerable<string> RemarksOf(IReadOnlyList<SuiteRunResult> runs)
    {
        foreach (SuiteRunResult run in runs)
        {
            string name = $"{run.Row}, {run.Broker}, round {run.Round}";
            if (run.Failure is { } failure)
            {
                yield return $"{name}: failed: {failure}";
            }

            foreach (BenchError error in run.Result?.Errors ?? [])
            {
                yield return $"{name}: error: {error.Count} × {error.Reason}";
            }

            foreach (string warning in run.Result?.Warnings ?? [])
            {
                yield return $"{name}: {warning}";
            }
        }
    }
}
