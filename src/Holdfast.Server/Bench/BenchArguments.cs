using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Sockets;
using System.Text.Json;
using Holdfast.Mqtt;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Bench;

/// <summary>The command <c>bench</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class BenchArguments(Terminal terminal)
{
    private static readonly (BenchScenario Scenario, string Name, string Description, int Publishers, int Subscribers)[] Scenarios =
    [
        (BenchScenario.Ingest, "ingest", "Publishers, no subscriber: how fast messages are taken in.", 100, 0),
        (BenchScenario.One, "one", "One publisher, one subscriber.", 1, 1),
        (BenchScenario.FanIn, "fan-in", "Many publishers, one subscriber that gets everything.", 100, 1),
        (BenchScenario.FanOut, "fan-out", "One publisher, many subscribers.", 1, 100),
        (BenchScenario.Pairs, "pairs", "Each publisher has a subscriber of its own.", 100, 100),
        (BenchScenario.Paced, "paced", "Devices that publish at a fixed rate; latency counts from the intended time.", 1000, 0),
    ];

    private readonly Option<string> _host = new("--host", "-h") { Description = "The broker's host.", HelpName = "HOST", DefaultValueFactory = _ => "127.0.0.1" };
    private readonly Option<int> _port = ValueOptions.Number("--port", "The broker's port.", 1883, 1, 65535, "-p");
    private readonly Option<int?> _pid = new("--pid") { Description = "The broker's process id, to measure its CPU and memory.", HelpName = "PID" };
    private readonly Option<int?> _pidB = new("--pid-b") { Description = "The second broker's process id.", HelpName = "PID" };
    private readonly Option<bool> _version5 = ValueOptions.Flag("--mqtt5", "Speak MQTT 5 instead of 3.1.1.");
    private readonly Option<string?> _userName = ValueOptions.Text("--username", "NAME", "The user name.", "-u");
    private readonly Option<string?> _password = ValueOptions.Text("--password", "PASSWORD", "The password.", "-P");
    private readonly Option<int> _quality = ValueOptions.Number("--qos", "The quality of service.", 0, 0, 2, "-q");
    private readonly Option<int?> _publishers = new("--publishers", "--devices") { Description = "Publishing connections.", HelpName = "N" };
    private readonly Option<int?> _subscribers = new("--subscribers") { Description = "Subscribing connections, where the scenario leaves it open.", HelpName = "N" };
    private readonly Option<int> _window = ValueOptions.Number("--window", "Above QoS 0: most messages of a publisher without acknowledgement.", 100, 1, 65535);
    private readonly Option<int> _rate = ValueOptions.Number("--rate", "paced: messages a second of all devices together.", 10_000, 1, 10_000_000);
    private readonly Option<long?> _size = ValueOptions.Size("--size", "Bytes of a payload. [default: 100B]", 0, 16_000_000);
    private readonly Option<double> _seconds = new("--seconds") { Description = "How long to measure.", HelpName = "N", DefaultValueFactory = _ => 10 };
    private readonly Option<double> _warmUp = new("--warmup") { Description = "Seconds of load before measuring.", HelpName = "N", DefaultValueFactory = _ => 2 };
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print the result as JSON.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var bench = new Command("bench", "Load any MQTT broker and measure it: throughput, latency, the broker's CPU and memory.");
        foreach ((BenchScenario scenario, string name, string description, _, _) in Scenarios)
        {
            var command = new Command(name, description) { _host, _port, _pid };
            AddLoadOptions(command);
            command.SetAction((result, cancellationToken) => RunAsync(result, scenario, cancellationToken));
            bench.Add(command);
        }

        bench.Add(BuildCompare());
        return bench;
    }

    /// <summary>The name of a scenario on the command line.</summary>
    /// <param name="scenario">The scenario.</param>
    public static string NameOf(BenchScenario scenario) => Scenarios.Single(entry => entry.Scenario == scenario).Name;

    /// <summary>Reads the options.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="scenario">The scenario.</param>
    public BenchOptions Bind(ParseResult result, BenchScenario scenario)
    {
        (_, _, _, int publishers, int subscribers) = Scenarios.Single(entry => entry.Scenario == scenario);
        return new BenchOptions
        {
            Scenario = scenario,
            Host = result.GetValue(_host) ?? "127.0.0.1",
            Port = result.GetValue(_port),
            BrokerProcessId = result.GetValue(_pid),
            Version = result.GetValue(_version5) ? ProtocolVersion.Mqtt5 : ProtocolVersion.Mqtt311,
            UserName = result.GetValue(_userName),
            Password = result.GetValue(_password),
            QualityOfService = (QualityOfService)result.GetValue(_quality),
            Publishers = Math.Max(1, result.GetValue(_publishers) ?? publishers),
            Subscribers = Math.Max(0, result.GetValue(_subscribers) ?? subscribers),
            Window = result.GetValue(_window),
            PayloadBytes = (int)(result.GetValue(_size) ?? 100),
            Rate = result.GetValue(_rate),
            Duration = TimeSpan.FromSeconds(Math.Max(0.1, result.GetValue(_seconds))),
            WarmUp = TimeSpan.FromSeconds(Math.Max(0, result.GetValue(_warmUp))),
        };
    }

    private Command BuildCompare()
    {
        var first = new Argument<string>("A") { Description = "A broker, HOST:PORT." };
        var second = new Argument<string>("B") { Description = "Another, HOST:PORT." };
        var scenario = new Argument<string>("SCENARIO") { Description = "The scenario." };
        scenario.AcceptOnlyFromAmong([.. Scenarios.Select(entry => entry.Name)]);
        first.Validators.Add(CheckAddress);
        second.Validators.Add(CheckAddress);
        var command = new Command("compare", "Run a scenario against two brokers in turn and print the ratios A by B.") { first, second, scenario, _pid, _pidB };
        AddLoadOptions(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            BenchOptions options = Bind(result, Scenarios.Single(entry => entry.Name == result.GetValue(scenario)).Scenario);
            if (await TryRunAsync(At(options, result.GetValue(first)!, result.GetValue(_pid)), cancellationToken) is not { } a
                || await TryRunAsync(At(options, result.GetValue(second)!, result.GetValue(_pidB)), cancellationToken) is not { } b)
            {
                return ExitCodes.Failure;
            }

            BenchComparison comparison = BenchComparison.Of(a, b);
            terminal.Text.WriteLine(result.GetValue(_json) ? JsonSerializer.Serialize(comparison, BenchJson.Default.BenchComparison) : BenchReport.Format(comparison));
            return ExitCodes.Success;
        });
        return command;
    }

    private void AddLoadOptions(Command command)
    {
        Option[] options = [_version5, _userName, _password, _quality, _publishers, _subscribers, _window, _rate, _size, _seconds, _warmUp, _json];
        Array.ForEach(options, command.Add);
    }

    private async Task<int> RunAsync(ParseResult result, BenchScenario scenario, CancellationToken cancellationToken)
    {
        if (await TryRunAsync(Bind(result, scenario), cancellationToken) is not { } measured)
        {
            return ExitCodes.Failure;
        }

        terminal.Text.WriteLine(result.GetValue(_json) ? JsonSerializer.Serialize(measured, BenchJson.Default.BenchResult) : BenchReport.Format(measured));
        return measured.ConnectionsLost == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private async Task<BenchResult?> TryRunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await new BenchRun(options).RunAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is SocketException or InvalidDataException)
        {
            terminal.Fail($"cannot measure {options.Host}:{options.Port}: {exception.Message}");
            return null;
        }
    }

    private static BenchOptions At(BenchOptions options, string address, int? processId)
    {
        int colon = address.LastIndexOf(':');
        return options with { Host = address[..colon], Port = int.Parse(address[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture), BrokerProcessId = processId };
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
