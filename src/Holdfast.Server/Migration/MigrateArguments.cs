using System.CommandLine;
using System.Text.Json;
using Holdfast.Log.Postgres;
using Holdfast.Log.Segments;
using Holdfast.Log.State;
using Holdfast.Server.CommandLine;
using Holdfast.Server.Serving;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Migration;

/// <summary>The command <c>migrate</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class MigrateArguments(Terminal terminal)
{
    private readonly Option<string> _from = new("--from") { Description = "The data directory of the single machine. Stop its node first: devices buffer meanwhile.", HelpName = "DIR", Required = true };
    private readonly Option<string> _to = new("--to") { Description = "The database of the cluster, such as \"Host=a,b,c;Database=holdfast;Username=holdfast\". It must be empty. The password may come from PGPASSWORD or a Passfile.", HelpName = "CONNECTION", Required = true };
    private readonly Option<bool> _acceptAsynchronous = ValueOptions.Flag("--accept-async-replication", "Move although the database has no synchronous standby.");
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print what was moved as JSON.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command("migrate", "Move a single machine's store into a cluster: every event with its id, sessions, retained messages, integrations. Broken off, start it again.")
        {
            _from, _to, _acceptAsynchronous, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        string directory = result.GetValue(_from)!;
        bool json = result.GetValue(_json);
        if (!File.Exists(Path.Combine(directory, "store")))
        {
            return terminal.Fail($"{directory} holds no store: there is no file 'store' in it.");
        }

        using ILoggerFactory loggers = LoggerFactory.Create(logging => Logging.Configure(logging, json).SetMinimumLevel(LogLevel.Warning));
        var target = new PostgresOptions
        {
            ConnectionString = result.GetValue(_to)!,
            Durability = result.GetValue(_acceptAsynchronous) ? DurabilityPolicy.AcceptAsynchronous : DurabilityPolicy.SynchronousStandby,
        };
        try
        {
            var run = new MigrateRun(directory, target, text => terminal.Error.WriteLine(text), loggers.CreateLogger("holdfast"));
            MigrateResult moved = await run.RunAsync(cancellationToken);
            terminal.Text.WriteLine(json
                ? JsonSerializer.Serialize(moved, MigrateJson.Default.MigrateResult)
                : $"moved {moved.Records} records, {moved.Sessions} sessions, {moved.Retained} retained messages, {moved.Integrations} integrations and {moved.Attempts} of their attempts; start the nodes with --cluster");
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is StoreInUseException or StoreUnusableException or StateStoreException or DatabaseUnavailableException or ArgumentException)
        {
            return terminal.Fail(exception.Message);
        }
    }
}
