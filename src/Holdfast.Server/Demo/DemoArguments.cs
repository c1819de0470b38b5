using System.CommandLine;
using System.Text.Json;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Demo;

/// <summary>The command <c>demo</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class DemoArguments(Terminal terminal)
{
    private readonly Option<double> _seconds = new("--seconds") { Description = "How long the devices publish; halfway the broker is killed.", HelpName = "N", DefaultValueFactory = _ => 20 };
    private readonly Option<int> _devices = ValueOptions.Number("--devices", "Simulated devices.", 100, 1, 10_000);
    private readonly Option<string?> _journal = ValueOptions.Text("--journal", "DIR", "Write what every client did as JSON lines, a file for each (docs/demo-journal.md).");
    private readonly Option<int?> _seed = new("--seed") { Description = "Make the same devices, payloads and pauses again. [default: a new one]", HelpName = "N" };
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print the result as JSON, progress on standard error.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command(
            "demo",
            "Show that nothing acknowledged is lost: a broker, a webhook, a subscriber and simulated devices; halfway the broker is killed with SIGKILL and started again. At the end it shows what a status page beside it recorded of that. "
            + "The exit code is 1 when anything acknowledged was lost, nothing was acknowledged, or the broker was not really killed.")
        {
            _seconds, _devices, _journal, _seed, _json,
        };
        command.SetAction((result, cancellationToken) => Bind(result, out DemoOptions options) is { } problem
            ? Task.FromResult(terminal.RefuseUsage("demo", problem))
            : RunAsync(options, BrokerProgram.ThisOne(), BrokerProgram.ThisOne(), cancellationToken));
        return command;
    }

    /// <summary>Reads the options.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="options">The options.</param>
    /// <returns>What is wrong and what to do, or null.</returns>
    public string? Bind(ParseResult result, out DemoOptions options)
    {
        options = new DemoOptions();
        double seconds = result.GetValue(_seconds);
        if (seconds is not (>= 2 and <= 86400))
        {
            return "--seconds: write a number from 2 to 86400.";
        }

        options = options with
        {
            Duration = TimeSpan.FromSeconds(seconds),
            Devices = result.GetValue(_devices),
            JournalDirectory = result.GetValue(_journal),
            Seed = result.GetValue(_seed) ?? Random.Shared.Next(1_000_000),
            Json = result.GetValue(_json),
        };
        return null;
    }

    /// <summary>Runs the demonstration.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="program">What runs the broker.</param>
    /// <param name="page">What runs the status page and its watcher.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(DemoOptions options, BrokerProgram program, BrokerProgram page, CancellationToken cancellationToken)
    {
        var progress = new DemoProgress(terminal, options.Json ? terminal.Error : terminal.Text, TimeProvider.System);
        DemoResult result;
        try
        {
            result = await new DemoRun(options, program, page, progress, TimeProvider.System).RunAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or TimeoutException)
        {
            progress.End();
            return terminal.Fail(exception.Message);
        }

        progress.End();
        terminal.Text.WriteLine(options.Json ? JsonSerializer.Serialize(DemoLine.Of(result), DemoJson.Default.DemoLine) : "\n" + result.Format());
        return result.Failure is { } failure ? terminal.Fail(failure) : ExitCodes.Success;
    }
}
