using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The commands on deliveries below <c>integration</c>: <c>test</c>, <c>replay</c> and <c>dead-letters</c>.</summary>
/// <param name="commands">What they share with the others.</param>
internal sealed class DeliveryArguments(IntegrationCommands commands)
{
    /// <summary>Makes the commands.</summary>
    public IEnumerable<Command> Build() => [BuildTest(), BuildReplay(), BuildDeadLetters()];

    private Command BuildTest()
    {
        Option<string?> eventId = ValueOptions.Text("--event", "ID", "The event. [default: one that is made up]");
        Option<bool> dryRun = ValueOptions.Flag("--dry-run", "Show the request, and send nothing.");
        var command = new Command("test", "Make the request of one event exactly as a delivery would, send it and show the answer. Nothing is recorded of it.") { commands.Name, eventId, dryRun };
        command.SetAction(async (result, cancellationToken) =>
        {
            var body = new JsonObject { ["event"] = result.GetValue(eventId), ["dryRun"] = result.GetValue(dryRun) };
            ApiAnswer answer = await commands.SendAsync(result, HttpMethod.Post, commands.PathOf(result, "/test"), body, cancellationToken);
            int exitCode = commands.Print(result, answer, FormatTest);
            return exitCode == ExitCodes.Success && IsFailure(answer.Body) ? ExitCodes.Failure : exitCode;
        });
        return commands.Complete(command);
    }

    private Command BuildReplay()
    {
        var events = new Option<string[]>("--event") { Description = "Only this event; repeatable.", HelpName = "ID", Arity = ArgumentArity.OneOrMore };
        Option<bool> deadLetters = ValueOptions.Flag("--dead-letters", "Only the dead letters; each leaves the list when it is delivered.");
        Option<string?> device = ValueOptions.Text("--device", "DEVICE", "Only events of this device.");
        Option<string?> from = ValueOptions.Text("--from", "TIME", "Only events received at or after this time, such as 2026-03-01T08:00:00Z.");
        Option<string?> to = ValueOptions.Text("--to", "TIME", "Only events received before this time. [default: now]");
        Option<string?> name = ValueOptions.Text("--name", "NAME", "The replay's name. [default: made from the integration's]");
        Option<Uri?> webhook = IntegrationArguments.WebhookOption("--webhook", "Send them to this address. [default: the integration's]");
        var settings = new SettingOptions();
        var command = new Command("replay", "Send events again, beside what is delivered, as an integration of its own that ends where the log ends now.")
        {
            commands.Name, events, deadLetters, device, from, to, name, webhook,
        };
        settings.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            JsonObject changed = settings.Read(result);
            if (result.GetValue(webhook) is { } url)
            {
                changed["url"] = url.ToString();
            }

            var body = new JsonObject
            {
                ["name"] = result.GetValue(name),
                ["events"] = result.GetValue(events) is { Length: > 0 } ids ? new JsonArray([.. ids.Select(id => JsonValue.Create(id))]) : null,
                ["deadLetters"] = result.GetValue(deadLetters),
                ["device"] = result.GetValue(device),
                ["from"] = result.GetValue(from),
                ["to"] = result.GetValue(to),
                ["settings"] = changed.Count > 0 ? changed : null,
            };
            ApiAnswer answer = await commands.SendAsync(result, HttpMethod.Post, commands.PathOf(result, "/replays"), body, cancellationToken);
            return commands.Print(result, answer, replay => $"replaying as {replay.GetProperty("name")}: 'holdfast integration show {replay.GetProperty("name")}' tells how far it is");
        });
        return commands.Complete(command);
    }

    private Command BuildDeadLetters()
    {
        Option<bool> remove = ValueOptions.Flag("--remove", "Forget them. The events stay in the log as long as retention keeps them.");
        Option<string?> eventId = ValueOptions.Text("--event", "ID", "With --remove: only this one.");
        Option<int> limit = ValueOptions.Number("--limit", "The most that are listed.", 100, 1, 1000);
        Option<string?> after = ValueOptions.Text("--after", "ID", "List from the one behind this event on.");
        var command = new Command("dead-letters", "List the events that the receiver refused for good, with its answers, or forget them.") { commands.Name, remove, eventId, limit, after };
        command.SetAction(async (result, cancellationToken) =>
        {
            if (result.GetValue(remove))
            {
                string below = result.GetValue(eventId) is { } id ? "/dead-letters/" + Uri.EscapeDataString(id) : "/dead-letters";
                ApiAnswer removed = await commands.SendAsync(result, HttpMethod.Delete, commands.PathOf(result, below), null, cancellationToken);
                return commands.Print(result, removed, _ => $"removed {result.GetValue(eventId) ?? "all dead letters"}");
            }

            string query = string.Create(CultureInfo.InvariantCulture, $"/dead-letters?limit={result.GetValue(limit)}");
            query += result.GetValue(after) is { } last ? $"&after={Uri.EscapeDataString(last)}" : "";
            ApiAnswer answer = await commands.SendAsync(result, HttpMethod.Get, commands.PathOf(result, query), null, cancellationToken);
            return commands.Print(result, answer, FormatDeadLetters);
        });
        return commands.Complete(command);
    }

    private static bool IsFailure(JsonElement test)
        => test.GetProperty("response") is { ValueKind: JsonValueKind.Object } response && response.GetProperty("result").GetString() != "delivered";

    private static string FormatTest(JsonElement test)
    {
        JsonElement request = test.GetProperty("request");
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{request.GetProperty("method")} {request.GetProperty("url")}");
        foreach (JsonProperty header in request.GetProperty("headers").EnumerateObject())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{header.Name}: {header.Value}");
        }

        text.AppendLine().AppendLine(request.GetProperty("body").GetString());
        if (test.GetProperty("response") is { ValueKind: JsonValueKind.Object } response)
        {
            double milliseconds = Math.Round(response.GetProperty("milliseconds").GetDouble(), 1);
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{response.GetProperty("result")} after {milliseconds} ms: {Said(response)}");
            text.AppendLine(response.GetProperty("body").GetString());
        }

        return text.ToString().TrimEnd();
    }

    private static string Said(JsonElement response)
        => response.GetProperty("error").GetString() is { Length: > 0 } error ? error : $"HTTP {response.GetProperty("status")}";

    private static string FormatDeadLetters(JsonElement page)
    {
        string[] lines = [.. page.GetProperty("deadLetters").EnumerateArray().Select(letter
            => $"{letter.GetProperty("eventId")}  {letter.GetProperty("topic")}  refused {letter.GetProperty("refusedAt")}: {letter.GetProperty("error")}  {letter.GetProperty("response").GetString()!.ReplaceLineEndings(" ")}".TrimEnd())];
        return lines.Length == 0 ? "no dead letters"
            : page.GetProperty("next").GetString() is { } next ? $"{string.Join('\n', lines)}\nmore with --after {next}"
            : string.Join('\n', lines);
    }
}
