using System.CommandLine;
using System.Net.Sockets;
using System.Text.Json;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Results;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Bench.Memory;

/// <summary>The command <c>bench memory</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class MemoryArguments(Terminal terminal)
{
    /// <summary>How it is called.</summary>
    public const string Example = "memory --pid PID";

    private readonly Argument<string[]> _loads = new("LOAD")
    {
        Description = $"Which loads: {string.Join(", ", MemoryLoad.All.Keys)}. Without one, all of them.", HelpName = "LOAD", Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string> _host = new("--host", "-h") { Description = "The broker's host.", HelpName = "HOST", DefaultValueFactory = _ => "127.0.0.1" };
    private readonly Option<int> _port = ValueOptions.Number("--port", "The broker's port.", 1883, 1, 65535, "-p");
    private readonly Option<int?> _pid = BenchOptionSet.Whole("--pid", "PID", "The broker's process id on this machine.", 1, int.MaxValue);
    private readonly Option<double?> _scale = BenchOptionSet.Seconds("--scale", "Of the full numbers, how much: 0.01 for a hundredth. [default: 1]", 0.000_001);
    private readonly Option<double?> _seconds = BenchOptionSet.Seconds("--seconds", "How long each stands before it is measured. [default: 3]", 0.1);
    private readonly Option<string?> _userName = ValueOptions.Text("--username", "NAME", "The user name.", "-u");
    private readonly Option<string?> _password = ValueOptions.Text("--password", "PASSWORD", "The password.", "-P");
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print the figures as JSON.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        _pid.Required = true;
        _loads.AcceptOnlyFromAmong([.. MemoryLoad.All.Keys]);
        var command = new Command(
            "memory",
            "Hold 15,000 idle connections, 1,000 subscribers that do not read, 1,000 peers that begin a packet and do not end it, a million subscriptions and a million retained topics, one after another, and print the broker's resident memory before and after each.")
        {
            _loads, _host, _port, _pid, _scale, _seconds, _userName, _password, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var options = new BenchOptions
        {
            Scenario = BenchScenario.Idle,
            Host = result.GetValue(_host)!,
            Port = result.GetValue(_port),
            BrokerProcessId = result.GetValue(_pid),
            UserName = result.GetValue(_userName),
            Password = result.GetValue(_password),
        };
        bool isJson = result.GetValue(_json);
        string[] names = result.GetValue(_loads) is { Length: > 0 } given ? given : [.. MemoryLoad.All.Keys];
        try
        {
            var run = new MemoryRun(options, TimeSpan.FromSeconds(result.GetValue(_seconds) ?? 3), line => (isJson ? terminal.Error : terminal.Text).WriteLine(line));
            MemoryResult measured = await run.RunAsync(names.Select(name => MemoryLoad.All[name](options, result.GetValue(_scale) ?? 1)), cancellationToken);
            if (isJson)
            {
                terminal.Text.WriteLine(JsonSerializer.Serialize(measured, BenchJson.Default.MemoryResult));
            }

            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is SocketException or IOException or BenchException)
        {
            return terminal.Fail($"cannot measure {options.Host}:{options.Port}: {BenchException.ReasonOf(exception)}");
        }
    }
}
