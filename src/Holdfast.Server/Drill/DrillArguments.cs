using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Holdfast.Server.CommandLine;
using Holdfast.Server.Demo;
using Holdfast.Server.Drill.Faults;
using Holdfast.Server.Drill.Throughput;

namespace Holdfast.Server.Drill;

/// <summary>The command <c>drill</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class DrillArguments(Terminal terminal)
{
    private const int MostPublishers = 1_000;
    private const int MostRounds = 100;
    private static readonly TimeSpan MeasuredTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    private readonly Option<int?> _seed = new("--seed") { Description = "Make the same faults again. [default: a new one]", HelpName = "N" };
    private readonly Option<int?> _faults = new("--faults") { Description = $"How many faults. [default: {DrillOptions.DefaultFaults}, or as many as fit in --duration]", HelpName = "N" };
    private readonly Option<TimeSpan?> _duration = ValueOptions.Duration("--duration", "Begin no fault after so long; with --throughput, measure each round so long.", null);
    private readonly Option<string[]> _kinds = Kinds();
    private readonly Option<int> _publishers = ValueOptions.Number("--publishers", "Publishers of each sort: QoS 1 and 2 of MQTT 3.1.1 and 5.", 4, 1, MostPublishers);
    private readonly Option<TimeSpan?> _interval = ValueOptions.Duration("--interval", "How often each publishes.", TimeSpan.FromMilliseconds(100));
    private readonly Option<string?> _journal = ValueOptions.Text("--journal", "DIR", "Write what every client did as JSON lines, a file for each (docs/demo-journal.md); after a failure the logs too.");
    private readonly Option<string?> _directory = ValueOptions.Text("--directory", "DIR", "Where the laboratory keeps its files meanwhile; not on tmpfs, where a flush costs nothing. [default: the system's folder for temporary files]");
    private readonly Option<bool> _oneMachine = ValueOptions.Flag("--one-machine", "Drill one node with a data directory instead of a cluster.");
    private readonly Option<bool> _loopback = ValueOptions.Flag("--loopback", "Use loopback addresses even where network namespaces could be made.");
    private readonly Option<string?> _fromBuild = ValueOptions.Text("--from-build", "DIR", "Start the nodes from the build that was published to DIR; the first rolling restart upgrades them to this one. Without --kind only rolling restarts are made.");
    private readonly Option<bool> _throughput = ValueOptions.Flag("--throughput", "Break nothing: measure QoS 1 ingest of the cluster with one synchronous standby, beside three NATS servers with three replicas, and how soon a session is taken over by another node.");
    private readonly Option<int> _rounds = ValueOptions.Number("--rounds", "How often each cluster is measured with --throughput.", 3, 1, MostRounds);
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print the result as JSON, progress on standard error.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command(
            "drill",
            "Break a real cluster on this machine and judge what it promised: three nodes, PostgreSQL with synchronous standbys under Patroni and etcd, devices, persistent "
            + "subscribers and a webhook; faults from a seed; a checker of every acknowledged event. The exit code is 1 when a promise was broken. Nothing is left behind.")
        {
            _seed, _faults, _duration, _kinds, _publishers, _interval, _journal, _directory, _oneMachine, _loopback, _fromBuild, _throughput, _rounds, _json,
        };
        command.SetAction((result, cancellationToken) => result.GetValue(_throughput)
            ? MeasureAsync(Bind(result), result.GetValue(_rounds), cancellationToken)
            : RunAsync(Bind(result), cancellationToken));
        return command;
    }

    /// <summary>Reads the options.</summary>
    /// <param name="result">The parsed command line.</param>
    public DrillOptions Bind(ParseResult result) => new()
    {
        Seed = result.GetValue(_seed) ?? Random.Shared.Next(1_000_000),
        Faults = result.GetValue(_faults) ?? (result.GetValue(_duration) is null ? DrillOptions.DefaultFaults : null),
        Duration = result.GetValue(_duration),
        Kinds = result.GetValue(_fromBuild) is not null && result.GetValue(_kinds) is not { Length: > 0 }
            ? [FaultKind.RollingRestart]
            : [.. FaultKinds.All.Where(kind => result.GetValue(_kinds)?.Contains(kind.Name()) == true)],
        FromBuild = result.GetValue(_fromBuild),
        PublishersOfEachSort = result.GetValue(_publishers),
        Interval = result.GetValue(_interval) ?? TimeSpan.FromMilliseconds(100),
        JournalDirectory = result.GetValue(_journal),
        ParentDirectory = result.GetValue(_directory) ?? Path.GetTempPath(),
        IsOneMachine = result.GetValue(_oneMachine),
        IsLoopback = result.GetValue(_loopback),
        Json = result.GetValue(_json),
    };

    private async Task<int> RunAsync(DrillOptions options, CancellationToken cancellationToken)
    {
        TextWriter progress = options.Json ? terminal.Error : terminal.Text;
        DrillReport report;
        try
        {
            report = await new DrillRun(options, BrokerProgram.ThisOne(), progress.WriteLine, TimeProvider.System).RunAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return terminal.Fail(exception.Message);
        }

        terminal.Text.WriteLine(options.Json ? JsonSerializer.Serialize(report, DrillJson.Default.DrillReport) : "\n" + report.Format());
        return report.Problem is { } problem ? terminal.Fail($"{problem}; run it again with --seed {options.Seed} --journal DIR") : ExitCodes.Success;
    }

    private async Task<int> MeasureAsync(DrillOptions options, int rounds, CancellationToken cancellationToken)
    {
        TextWriter progress = options.Json ? terminal.Error : terminal.Text;
        var run = new ThroughputRun(rounds, options.Duration ?? MeasuredTime, WarmUp, options.ParentDirectory, BrokerProgram.ThisOne(), progress.WriteLine);
        try
        {
            ThroughputReport report = await run.RunAsync(cancellationToken);
            terminal.Text.WriteLine(options.Json ? JsonSerializer.Serialize(report, ThroughputJson.Default.ThroughputReport) : "\n" + report.Format());
            return report.Problem is { } problem ? terminal.Fail(problem) : ExitCodes.Success;
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return terminal.Fail(exception.Message);
        }
    }

    private static Option<string[]> Kinds()
    {
        string[] all = [.. FaultKinds.All.Select(FaultKinds.Name)];
        return new Option<string[]>("--kind")
        {
            Description = $"Only faults of these kinds: {string.Join(", ", all)}; separate several by commas.",
            HelpName = "KIND",
            CustomParser = result => Split(result, all),
        };
    }

    private static string[] Split(ArgumentResult result, string[] known)
    {
        string[] names = [.. result.Tokens.SelectMany(token => token.Value.Split(','))];
        if (names.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            result.AddError($"--kind {unknown}: write some of {string.Join(", ", known)}.");
        }

        return names;
    }
}
