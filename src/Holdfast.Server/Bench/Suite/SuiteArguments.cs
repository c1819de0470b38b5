using System.CommandLine;
using System.Text.Json;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Results;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Bench.Suite;

/// <summary>The command <c>bench suite</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class SuiteArguments(Terminal terminal)
{
    /// <summary>How it is called.</summary>
    public const string Example = "suite --only ingest,paced --rounds 1";

    private const int MostRounds = 100;

    private readonly Option<double?> _seconds = BenchOptionSet.Seconds("--seconds", "How long each round is measured. [default: 10]", 0.1);
    private readonly Option<double?> _warmUp = BenchOptionSet.Seconds("--warmup", "Seconds of load before. [default: 3]", 0);
    private readonly Option<int> _rounds = ValueOptions.Number("--rounds", "How often each broker is measured, in turn.", 3, 1, MostRounds);
    private readonly Option<string[]> _only = BenchOptionSet.Names("--only", "SCENARIO", "Only these scenarios.", SuiteRow.All.Select(row => row.Name));
    private readonly Option<string[]> _brokers = BenchOptionSet.Names("--brokers", "BROKER", "Only these brokers.", SuiteBroker.All.Select(broker => broker.Name));
    private readonly Option<string?> _mqttNet = ValueOptions.Text("--mqttnet", "FILE", "Also measure the server of MQTTnet: its program Holdfast.MqttNetBroker.dll, built of bench/Holdfast.MqttNetBroker.");
    private readonly Option<string?> _directory = ValueOptions.Text("--directory", "DIR", "Where the brokers keep their files meanwhile; not on tmpfs, where a flush costs nothing. [default: the system's folder for temporary files]");
    private readonly Option<string?> _output = ValueOptions.Text("--output", "FILE", "Also write the table to FILE.md and everything to FILE.json.");
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print everything as JSON instead of the table.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command(
            "suite",
            "Start Holdfast, Mosquitto and the NATS server, measure all of them in every scenario of docs/performance.md, and print one table.")
        {
            _seconds, _warmUp, _rounds, _only, _brokers, _mqttNet, _directory, _output, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var options = new SuiteOptions(
            Choose(SuiteRow.All, row => row.Name, result.GetValue(_only)),
            [.. Choose(SuiteBroker.All, broker => broker.Name, result.GetValue(_brokers)), .. result.GetValue(_mqttNet) is { } program ? [SuiteBroker.OfMqttNet(program)] : Array.Empty<SuiteBroker>()],
            result.GetValue(_rounds),
            TimeSpan.FromSeconds(result.GetValue(_seconds) ?? 10),
            TimeSpan.FromSeconds(result.GetValue(_warmUp) ?? 3),
            result.GetValue(_directory) ?? Path.GetTempPath());
        try
        {
            SuiteResult measured = await new SuiteRun(options, terminal.Error.WriteLine, TimeProvider.System).RunAsync(cancellationToken);
            string table = SuiteTable.Format(measured);
            string json = JsonSerializer.Serialize(measured, BenchJson.Default.SuiteResult);
            await BenchOutput.WriteAsync(result.GetValue(_output), table, json, cancellationToken);
            terminal.Text.WriteLine(result.GetValue(_json) ? json : table);
            return measured.Runs.All(run => run.Result is { Errors.Count: 0 }) ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or BenchException)
        {
            return terminal.Fail(exception.Message);
        }
    }

    private static T[] Choose<T>(IReadOnlyList<T> all, Func<T, string> nameOf, string[]? names)
        => [.. all.Where(item => names is null or [] || names.Contains(nameOf(item)))];
}
