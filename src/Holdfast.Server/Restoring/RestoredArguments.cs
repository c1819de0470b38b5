using System.CommandLine;
using System.Text.Json;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres;
using Holdfast.Log.Segments;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Restoring;

/// <summary>The command <c>restored</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class RestoredArguments(Terminal terminal)
{
    private readonly Option<string?> _data = new("--data") { Description = "The data directory that came from a backup.", HelpName = "DIR" };
    private readonly Option<string?> _cluster = new("--cluster") { Description = "The database that came from a backup, such as \"Host=a,b,c;Database=holdfast;Username=holdfast\". The password may come from PGPASSWORD or a Passfile.", HelpName = "CONNECTION" };
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print the new life as JSON.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command(
            "restored", "Say that a store came from a backup, before it is served again: a new life begins, so that no event gets the id of one that is gone. What the backup holds keeps its ids.")
        {
            _data, _cluster, _json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(_data) is null == result.GetValue(_cluster) is null)
            {
                result.AddError("Give --data DIR or --cluster CONNECTION.");
            }
        });
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var data = result.GetValue(_data);
        if (data is not null && !File.Exists(Path.Combine(data, "store")))
        {
            return terminal.Fail($"{data} holds no store: there is no file 'store' in it.");
        }

        try
        {
            var lives = data is not null
                ? await RestoredDirectory.BeginNewLifeAsync(new SegmentLogOptions { Directory = data }, cancellationToken)
                : await RestoredDatabase.BeginNewLifeAsync(new PostgresOptions { ConnectionString = result.GetValue(_cluster)! }, cancellationToken);
            Print(lives, result.GetValue(_json));
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is StoreInUseException or StoreUnusableException or DatabaseUnavailableException or ArgumentException)
        {
            return terminal.Fail(exception.Message);
        }
    }

    private void Print(Incarnations lives, bool json)
    {
        var before = lives.Earlier[^1];
        var events = before.EndOffsets.Sum(); // counted from the very first one
        terminal.Text.WriteLine(json
            ? JsonSerializer.Serialize(new RestoredAnswer(lives.Current, before.Name, before.EndOffsets), RestoredJson.Default.RestoredAnswer)
            : $"life {lives.Current} begins after {before.Name}, with {events} records from before; start the server");
    }
}
