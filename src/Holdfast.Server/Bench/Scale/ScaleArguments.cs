using System.CommandLine;
using System.Text.Json;
using Holdfast.Server.Bench.Results;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Bench.Scale;

/// <summary>The command <c>bench scale</c>.</summary>
/// <param name="terminal">The standard streams.</param>
/// <param name="time">The clock.</param>
internal sealed class ScaleArguments(Terminal terminal, TimeProvider time)
{
    /// <summary>How it is called.</summary>
    public const string Example = "scale --directory /var/tmp --output scale";

    private readonly Option<string[]> _only = BenchOptionSet.Names("--only", "PART", "Only these parts.", ScaleRun.AllParts);
    private readonly Option<int> _filters = ValueOptions.Number("--filters", "The largest number of filters.", 1_000_000, 1, 10_000_000);
    private readonly Option<int> _topics = ValueOptions.Number("--topics", "Topics with a retained message.", 1_000_000, 1, 10_000_000);
    private readonly Option<int> _events = ValueOptions.Number("--events", "Events in the log that is caught up with.", 50_000_000, 1000, 1_000_000_000);
    private readonly Option<long?> _logBytes = ValueOptions.Size("--log-bytes", "The log that is started with. [default: 20GB]", 1);
    private readonly Option<double?> _seconds = BenchOptionSet.Seconds("--seconds", "How long each load is measured. [default: 3]", 0.1);
    private readonly Option<string?> _directory = ValueOptions.Text("--directory", "DIR", "Where the broker keeps its files meanwhile, a little more than --log-bytes. [default: the system's folder for temporary files]");
    private readonly Option<string?> _output = ValueOptions.Text("--output", "FILE", "Also write the table to FILE.md and everything to FILE.json.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command("scale", "Measure Holdfast beside large amounts: a million filters, a million retained messages, a log of 50 million events and of 20 GB.")
        {
            _only, _filters, _topics, _events, _logBytes, _seconds, _directory, _output,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var options = new ScaleOptions(
            result.GetValue(_only) is { Length: > 0 } parts ? parts : ScaleRun.AllParts,
            result.GetValue(_filters),
            result.GetValue(_topics),
            result.GetValue(_events),
            result.GetValue(_logBytes) ?? 20_000_000_000,
            TimeSpan.FromSeconds(result.GetValue(_seconds) ?? 3),
            result.GetValue(_directory) ?? Path.GetTempPath());
        DateTimeOffset startedAt = time.GetUtcNow();
        try
        {
            IReadOnlyList<ScaleLine> lines = await new ScaleRun(options, terminal.Error.WriteLine).RunAsync(cancellationToken);
            string table = ScaleLine.Format(lines);
            await BenchOutput.WriteAsync(result.GetValue(_output), table, JsonSerializer.Serialize(new ScaleResult(startedAt, lines), BenchJson.Default.ScaleResult), cancellationToken);
            terminal.Text.WriteLine(table);
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException or System.Net.Sockets.SocketException)
        {
            return terminal.Fail(exception.Message);
        }
    }
}
