using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Broker.Naming;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The command <c>integration</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class IntegrationArguments(Terminal terminal)
{
    private readonly IntegrationCommands _commands = new(terminal);

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command("integration", "Manage what carries events elsewhere: webhooks and bridges.")
        {
            BuildAdd(), BuildList(), BuildShow(), BuildChange(),
            BuildSwitch("pause", "Send nothing until it is resumed. Its position stays where it is.", paused: true),
            BuildSwitch("resume", "Go on where it was paused.", paused: false),
            BuildRotate(), BuildRemove(),
        };
        foreach (Command delivery in new DeliveryArguments(_commands).Build())
        {
            command.Add(delivery);
        }

        return command;
    }

    /// <summary>The name of an integration without <c>--name</c>: told by its address, so that adding it twice is noticed.</summary>
    /// <param name="url">Its address.</param>
    /// <param name="kind">Its kind.</param>
    public static string DefaultName(Uri url, string kind = "webhook")
    {
        string text = url.IsDefaultPort ? url.Host : $"{url.Host}-{url.Port}";
        string name = $"{kind}-" + string.Concat(text.ToLowerInvariant().Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-').SkipWhile(character => character == '-'));
        return name.Length <= ResourceName.MaximumLength ? name : name[..ResourceName.MaximumLength];
    }

    private Command BuildAdd()
    {
        Option<Uri?> webhook = WebhookOption("--webhook", "Send each matching event to this address.");
        Option<Uri?> bridge = ValueOptions.Address("--bridge", "Carry each matching event to the MQTT broker at this address; with settings also its messages here.", "mqtts://broker.example.com:8883", "mqtt", "mqtts", "ws", "wss");
        var filter = new Option<string>("--filter") { Description = "The topic filter of the events, such as 'devices/+/events/#'.", HelpName = "FILTER", Required = true };
        Option<string?> name = ValueOptions.Text("--name", "NAME", "The integration's name. [default: made from the address]");
        var settings = new SettingOptions();
        var command = new Command("add", "Add a webhook or a bridge. It gets every matching event from now on, at least once, in order per device. Prints the secret that signs a webhook's requests, once.") { webhook, bridge, filter, name };
        command.Validators.Add(result =>
        {
            if (result.GetResult(webhook) is null == result.GetResult(bridge) is null)
            {
                result.AddError("give one of --webhook and --bridge.");
            }
        });
        settings.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            string kind = result.GetValue(bridge) is null ? "webhook" : "bridge";
            Uri url = (result.GetValue(webhook) ?? result.GetValue(bridge))!;
            var body = new JsonObject
            {
                ["name"] = result.GetValue(name) ?? DefaultName(url, kind),
                ["kind"] = kind,
                ["filter"] = result.GetValue(filter)!,
                ["url"] = url.ToString(),
            };
            foreach ((string key, JsonNode? value) in settings.Read(result))
            {
                body[key] = value?.DeepClone();
            }

            ApiAnswer answer = await _commands.SendAsync(result, HttpMethod.Post, "", body, cancellationToken);
            return _commands.Print(result, answer, added => $"added {body["name"]}: events that match {body["filter"]} go to {body["url"]}{Secret(added)}");
        });
        return _commands.Complete(command);
    }

    private Command BuildList()
    {
        var command = new Command("list", "List the integrations and how far each is.");
        command.SetAction(async (result, cancellationToken)
            => _commands.Print(result, await _commands.SendAsync(result, HttpMethod.Get, "", null, cancellationToken), IntegrationTable.Format));
        return _commands.Complete(command);
    }

    private Command BuildShow()
    {
        var command = new Command("show", "Show an integration with all its settings, and how far it is.") { _commands.Name };
        command.SetAction(async (result, cancellationToken)
            => _commands.Print(result, await _commands.SendAsync(result, HttpMethod.Get, _commands.PathOf(result), null, cancellationToken), IntegrationTable.Fields));
        return _commands.Complete(command);
    }

    private Command BuildChange()
    {
        var settings = new SettingOptions();
        var command = new Command("change", "Change settings of an integration. It goes on where it is.") { _commands.Name };
        settings.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ApiAnswer answer = await _commands.SendAsync(result, HttpMethod.Patch, _commands.PathOf(result), settings.Read(result), cancellationToken);
            return _commands.Print(result, answer, _ => $"changed {result.GetValue(_commands.Name)}");
        });
        return _commands.Complete(command);
    }

    private Command BuildSwitch(string verb, string description, bool paused)
    {
        var command = new Command(verb, description) { _commands.Name };
        command.SetAction(async (result, cancellationToken) =>
        {
            ApiAnswer answer = await _commands.SendAsync(result, HttpMethod.Patch, _commands.PathOf(result), new JsonObject { ["paused"] = paused }, cancellationToken);
            return _commands.Print(result, answer, _ => $"{verb}d {result.GetValue(_commands.Name)}");
        });
        return _commands.Complete(command);
    }

    private Command BuildRotate()
    {
        Option<TimeSpan?> overlap = ValueOptions.Duration("--overlap", "How long the old secret signs too.", TimeSpan.FromDays(1));
        Option<string?> secret = ValueOptions.Text("--secret", "SECRET", "The new secret, whsec_ and base64. [default: a new one, printed once]");
        var command = new Command("rotate", "Give an integration a new signing secret; the old one stays valid beside it for a while.") { _commands.Name, overlap, secret };
        command.SetAction(async (result, cancellationToken) =>
        {
            var body = new JsonObject { ["secret"] = result.GetValue(secret) };
            if (result.GetValue(overlap) is { } given)
            {
                body["overlapSeconds"] = (long)given.TotalSeconds;
            }

            ApiAnswer answer = await _commands.SendAsync(result, HttpMethod.Post, _commands.PathOf(result, "/secret"), body, cancellationToken);
            return _commands.Print(result, answer, rotated => $"rotated {result.GetValue(_commands.Name)}{Secret(rotated)}");
        });
        return _commands.Complete(command);
    }

    private Command BuildRemove()
    {
        var command = new Command("remove", "Remove an integration and its dead letters. What it has not delivered stays in the log.") { _commands.Name };
        command.SetAction(async (result, cancellationToken) =>
        {
            ApiAnswer answer = await _commands.SendAsync(result, HttpMethod.Delete, _commands.PathOf(result), null, cancellationToken);
            return _commands.Print(result, answer, _ => $"removed {result.GetValue(_commands.Name)}");
        });
        return _commands.Complete(command);
    }

    /// <summary>An option that takes the address of a webhook.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">Its help.</param>
    public static Option<Uri?> WebhookOption(string name, string description) => ValueOptions.Address(name, description, "https://example.com/events", "http", "https");

    private static string Secret(JsonElement answer)
        => answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("secret", out JsonElement secret) ? $"\nsigning secret, shown this once: {secret}" : "";
}
