using System.CommandLine;
using System.Text.Json;
using Holdfast.Server.CommandLine;
using Holdfast.Status;
using Holdfast.Status.Storage;

namespace Holdfast.Server.StatusPage;

/// <summary>The command <c>status</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class StatusArguments(Terminal terminal)
{
    private readonly Option<string> _data = new("--data")
    {
        Description = "The status page's data directory; made when it is missing.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "./status",
    };

    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print JSON; log lines too.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var connection = new StatusConnection(terminal);
        var command = new Command("status", "Run a status page that is fed by watchers, on another machine than the cloud it tells about.")
        {
            BuildServe(),
            BuildExport(),
            new Command("watcher", "Manage who may report to the page.") { BuildAdd(), BuildList(), BuildRemove() },
            new OperatorArguments(terminal, _data).Build(),
            new IncidentArguments(connection).Build(),
        };
        foreach (Command plan in new PlanArguments(connection).Build())
        {
            command.Add(plan);
        }

        return command;
    }

    private Command BuildServe()
    {
        var listen = new Option<ListenUrl>("--listen")
        {
            Description = "Where to listen: http://ADDRESS:PORT; port 0 takes a free one. [default: http://127.0.0.1:8090]",
            HelpName = "URL",
            DefaultValueFactory = _ => new ListenUrl(ListenScheme.Http, new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 8090)),
            CustomParser = result =>
            {
                if (!ListenUrl.TryParse(result.Tokens[^1].Value, out ListenUrl? url, out string error) || url!.Scheme != ListenScheme.Http)
                {
                    result.AddError(error.Length > 0 ? error : $"--listen {result.Tokens[^1].Value}: the page speaks http://; put a proxy with TLS in front of it.");
                }

                return url;
            },
        };
        var command = new Command("serve", "Serve the page. Name and colours are read from DIR/status.json.") { listen, _data, _json };
        command.SetAction((result, cancellationToken) => StatusServeCommand.RunAsync(
            result.GetValue(_data)!, result.GetValue(listen)!, result.GetValue(_json), terminal, cancellationToken));
        return command;
    }

    private Command BuildExport()
    {
        var to = new Option<string>("--to") { Description = "Where to write; made when it is missing.", HelpName = "DIR", Required = true };
        Option<Uri?> server = StatusConnection.MakeServer();
        var command = new Command("export", "Write a page that runs as files for any web host, so that it outlives its own server. Run it every minute.") { to, server };
        command.SetAction((result, cancellationToken) => ExportCommand.RunAsync(result.GetValue(server)!, result.GetValue(to)!, terminal, cancellationToken));
        return command;
    }

    private Command BuildAdd()
    {
        var name = new Argument<string>("NAME") { Description = "The watcher's name." };
        var location = new Option<string>("--location") { Description = "Where it is, such as frankfurt.", HelpName = "PLACE", Required = true };
        var command = new Command("add", "Let a watcher report. Prints its token, which is kept nowhere.") { name, location, _data, _json };
        command.SetAction(result => Use(result, registry =>
        {
            string token = registry.Add(result.GetValue(name)!, result.GetValue(location)!);
            terminal.Text.WriteLine(result.GetValue(_json) ? JsonSerializer.Serialize(new Dictionary<string, string> { ["name"] = result.GetValue(name)!, ["token"] = token }) : token);
            return ExitCodes.Success;
        }));
        return command;
    }

    private Command BuildList()
    {
        var command = new Command("list", "List the watchers and when each was last heard.") { _data, _json };
        command.SetAction(result => Use(result, registry =>
        {
            foreach (RegisteredWatcher watcher in registry.All())
            {
                string? heard = watcher.LastAt?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
                terminal.Text.WriteLine(result.GetValue(_json)
                    ? JsonSerializer.Serialize(new Dictionary<string, string?> { ["name"] = watcher.Name, ["location"] = watcher.Location, ["lastHeard"] = heard })
                    : $"{watcher.Name}  {watcher.Location}  {heard ?? "never heard"}");
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private Command BuildRemove()
    {
        var name = new Argument<string>("NAME") { Description = "The watcher's name." };
        var command = new Command("remove", "Remove a watcher; its token is worth nothing from now on.") { name, _data };
        command.SetAction(result => Use(result, registry => registry.Remove(result.GetValue(name)!)
            ? ExitCodes.Success
            : terminal.Fail($"there is no watcher '{result.GetValue(name)}'; 'holdfast status watcher list' names them.")));
        return command;
    }

    private int Use(ParseResult result, Func<WatcherRegistry, int> action)
    {
        try
        {
            using var registry = new WatcherRegistry(result.GetValue(_data)!);
            return action(registry);
        }
        catch (StatusDataException exception)
        {
            return terminal.Fail(exception.Message);
        }
    }
}
