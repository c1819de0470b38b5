using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Holdfast.Server.Bench.Results;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Bench.Growth;

/// <summary>The command <c>bench growth</c>.</summary>
/// <param name="terminal">The standard streams.</param>
/// <param name="time">The clock.</param>
internal sealed class GrowthArguments(Terminal terminal, TimeProvider time)
{
    /// <summary>How it is called.</summary>
    public const string Example = "growth --output growth";

    private readonly Option<string[]> _only = BenchOptionSet.Names("--only", "CURVE", "Only these curves.", GrowthStudy.Names);
    private readonly Option<double?> _seconds = BenchOptionSet.Seconds("--seconds", "How long each load is measured. [default: 2]", 0.1);
    private readonly Option<int> _limit = ValueOptions.Number("--limit", "Leave out points above it.", int.MaxValue, 1, int.MaxValue);
    private readonly Option<string?> _directory = ValueOptions.Text("--directory", "DIR", "Where the brokers keep their files meanwhile. [default: the system's folder for temporary files]");
    private readonly Option<string?> _output = ValueOptions.Text("--output", "DIR", "Write growth.json, and a plot of each curve as SVG, into this directory.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command("growth", "Measure how cost grows with payloads, publishers, subscribers, topics, filters, the log's length, and connections.")
        {
            _only, _seconds, _limit, _directory, _output,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        DateTimeOffset startedAt = time.GetUtcNow();
        TimeSpan duration = TimeSpan.FromSeconds(result.GetValue(_seconds) ?? 2);
        var study = new GrowthStudy(result.GetValue(_directory) ?? Path.GetTempPath(), duration, result.GetValue(_limit), terminal.Error.WriteLine);
        var curves = new List<GrowthCurve>();
        try
        {
            foreach (string name in result.GetValue(_only) is { Length: > 0 } names ? names : GrowthStudy.Names)
            {
                GrowthCurve curve = await study.MeasureAsync(name, cancellationToken);
                curves.Add(curve);
                terminal.Text.WriteLine(Table(curve));
                if (result.GetValue(_output) is { } directory)
                {
                    Directory.CreateDirectory(directory);
                    await File.WriteAllTextAsync(Path.Combine(directory, $"{name}.svg"), GrowthPlot.Draw(curve), cancellationToken);
                    await File.WriteAllTextAsync(
                        Path.Combine(directory, "growth.json"),
                        JsonSerializer.Serialize(new GrowthResult(startedAt, duration.TotalSeconds, curves), BenchJson.Default.GrowthResult) + "\n",
                        cancellationToken);
                }
            }

            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException or System.Net.Sockets.SocketException)
        {
            return terminal.Fail(exception.Message);
        }
    }

    private static string Table(GrowthCurve curve)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"| {curve.Quantity} | {string.Join(" | ", curve.Measures)} |\n|---|{string.Concat(Enumerable.Repeat("---|", curve.Measures.Count))}\n");
        foreach (GrowthPoint point in curve.Points)
        {
            string cells = string.Join(" | ", point.Values.Select(value => value is { } number ? GrowthPlot.Short(number) : "-"));
            text.Append(CultureInfo.InvariantCulture, $"| {BenchFigure.Number(point.Quantity)} | {cells} |\n");
        }

        return text.ToString();
    }
}
