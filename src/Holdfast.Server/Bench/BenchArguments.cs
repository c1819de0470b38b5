using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Growth;
using Holdfast.Server.Bench.Memory;
using Holdfast.Server.Bench.Results;
using Holdfast.Server.Bench.Scale;
using Holdfast.Server.Bench.Suite;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Bench;

/// <summary>The command <c>bench</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class BenchArguments(Terminal terminal)
{
    private const int MostRounds = 100;
    private const string CompareExample = "compare 127.0.0.1:1883 127.0.0.1:1884 ingest -q 1 --rounds 3 --pid PID --pid-b PID";

    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print the result as JSON, with a series of every second.");
    private readonly Option<int> _rounds = ValueOptions.Number("--rounds", "How often both are measured, in turn.", 3, 1, MostRounds);
    private readonly Option<int?> _pidA = BenchOptionSet.Whole("--pid", "PID", "The first broker's process id.", 1, int.MaxValue, "--pid-a");
    private readonly Option<int?> _pidB = BenchOptionSet.Whole("--pid-b", "PID", "The second broker's process id.", 1, int.MaxValue);

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        string[] examples = [.. BenchScenarios.All.Select(definition => $"  holdfast bench {definition.Name} {definition.Example}"), $"  holdfast bench {CompareExample}", $"  holdfast bench {SuiteArguments.Example}", $"  holdfast bench {ScaleArguments.Example}", $"  holdfast bench {GrowthArguments.Example}", $"  holdfast bench {MemoryArguments.Example}"];
        var bench = new Command("bench", $"Load any MQTT broker and measure it: throughput, latency, the broker's CPU, memory and files.\n\nExamples:\n{string.Join('\n', examples)}");
        foreach (ScenarioDefinition definition in BenchScenarios.All)
        {
            var command = new Command(definition.Name, definition.Description);
            var set = new BenchOptionSet(definition.Defaults);
            set.AddTo(command, definition);
            command.Add(_json);
            command.SetAction((result, cancellationToken) => RunAsync(result, set.Bind(result, definition), cancellationToken));
            bench.Add(command);
        }

        bench.Add(BuildCompare());
        bench.Add(new SuiteArguments(terminal).Build());
        bench.Add(new ScaleArguments(terminal, TimeProvider.System).Build());
        bench.Add(new GrowthArguments(terminal, TimeProvider.System).Build());
        bench.Add(new MemoryArguments(terminal).Build());
        return bench;
    }

    private Command BuildCompare()
    {
        var first = new Argument<string>("A") { Description = "A broker, HOST:PORT." };
        var second = new Argument<string>("B") { Description = "Another, HOST:PORT." };
        var scenario = new Argument<string>("SCENARIO") { Description = $"The scenario: {string.Join(", ", BenchScenarios.All.Select(definition => definition.Name))}.", HelpName = "SCENARIO" };
        scenario.AcceptOnlyFromAmong([.. BenchScenarios.All.Select(definition => definition.Name)]);
        first.Validators.Add(CheckAddress);
        second.Validators.Add(CheckAddress);
        var command = new Command("compare", "Run a scenario against two brokers in turn, several rounds, and print medians and the ratios A by B.")
        {
            first, second, scenario, _rounds, _pidA, _pidB,
        };
        var set = new BenchOptionSet(null);
        set.AddAllTo(command);
        command.Add(_json);
        command.SetAction((result, cancellationToken) =>
        {
            BenchOptions options = set.Bind(result, BenchScenarios.Find(result.GetValue(scenario)!));
            return CompareAsync(
                result,
                At(options, result.GetValue(first)!, result.GetValue(_pidA)),
                At(options, result.GetValue(second)!, result.GetValue(_pidB)),
                cancellationToken);
        });
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, BenchOptions options, CancellationToken cancellationToken)
    {
        if (await TryRunAsync(options, cancellationToken) is not { } measured)
        {
            return ExitCodes.Failure;
        }

        terminal.Text.WriteLine(result.GetValue(_json) ? JsonSerializer.Serialize(measured, BenchJson.Default.BenchResult) : BenchReport.Format(measured));
        return measured.Errors.Count == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private async Task<int> CompareAsync(ParseResult result, BenchOptions a, BenchOptions b, CancellationToken cancellationToken)
    {
        (List<BenchResult> first, List<BenchResult> second) = ([], []);
        for (int round = 0; round < result.GetValue(_rounds); round++)
        {
            foreach ((BenchOptions options, List<BenchResult> results) in new[] { (a, first), (b, second) })
            {
                if (await TryRunAsync(options, cancellationToken) is not { } measured)
                {
                    return ExitCodes.Failure;
                }

                results.Add(measured);
            }
        }

        BenchComparison comparison = BenchComparison.Of(first, second);
        terminal.Text.WriteLine(result.GetValue(_json) ? JsonSerializer.Serialize(comparison, BenchJson.Default.BenchComparison) : BenchReport.Format(comparison));
        return first.Concat(second).All(measured => measured.Errors.Count == 0) ? ExitCodes.Success : ExitCodes.Failure;
    }

    private async Task<BenchResult?> TryRunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await BenchScenarios.RunAsync(options, cancellationToken);
        }
        catch (Exception exception) when (exception is SocketException or IOException or BenchException)
        {
            terminal.Fail($"cannot measure {options.Host}:{options.Port}: {BenchException.ReasonOf(exception)}");
            return null;
        }
    }

    private static BenchOptions At(BenchOptions options, string address, int? processId)
    {
        int colon = address.LastIndexOf(':');
        return options with { Host = address[..colon], Port = int.Parse(address[(colon + 1)..], CultureInfo.InvariantCulture), BrokerProcessId = processId };
    }

    private static void CheckAddress(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text[(colon + 1)..], out _))
        {
            result.AddError($"{text}: write a broker as HOST:PORT.");
        }
    }
}
