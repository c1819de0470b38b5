using System.CommandLine;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.StatusPage;

/// <summary>The command <c>status incident</c>.</summary>
/// <param name="connection">How the page is spoken to.</param>
internal sealed class IncidentArguments(StatusConnection connection)
{
    private readonly Argument<long> _id = new("ID") { Description = "The incident's number." };
    private readonly Option<string?> _title = ValueOptions.Text("--title", "TEXT", "What it is, in a few words.");
    private readonly Option<string?> _text = ValueOptions.Text("--text", "TEXT", "What is said about it.");
    private readonly Option<string?> _status = ValueOptions.Text("--status", "STATUS", "investigating, identified, monitoring or resolved.");
    private readonly Option<string?> _impact = ValueOptions.Text("--impact", "IMPACT", "none, minor, major or critical.");
    private readonly Option<string?> _startedAt = ValueOptions.Text("--started", "TIME", "Since when, such as 2026-01-31T18:30Z.");
    private readonly Option<string?> _resolvedAt = ValueOptions.Text("--resolved", "TIME", "Until when; only of what is over.");
    private readonly Option<string[]> _components = new("--component") { Description = "What it affects; repeatable.", HelpName = "NAME", Arity = ArgumentArity.OneOrMore };

    /// <summary>Makes the command.</summary>
    public Command Build() => new("incident", "Manage incidents. What is measured opens and closes them; what people know is added here.")
    {
        connection.Make("list", "List the incidents, the newest first.", [], _ => (HttpMethod.Get, "incidents", null), json => StatusText.Table(json, "id", "status", "impact", "startedAt", "resolvedAt", "confirmed", "title")),
        connection.Make("show", "Show all that was said about an incident.", [_id], result => (HttpMethod.Get, Path(result), null), StatusText.Story),
        connection.Make("open", "Open an incident by hand.", [_title, _text, _impact, _status, _startedAt, _components], result => (HttpMethod.Post, "incidents", Body(result)), StatusText.Story),
        connection.Make("update", "Say something about an incident, and move it on when a status is given.", [_id, _text, _status], result => (HttpMethod.Post, $"{Path(result)}/updates", Body(result)), StatusText.Story),
        connection.Make("correct", "Correct title, impact, components or times. What was said stays.", [_id, _title, _impact, _startedAt, _resolvedAt, _components], result => (HttpMethod.Patch, Path(result), Body(result)), StatusText.Story),
        connection.Make("confirm", "Say that a person has seen that it is so.", [_id], result => (HttpMethod.Post, $"{Path(result)}/confirm", null), StatusText.Story),
        connection.Make("acknowledge", "Say that a person looks after it; the alerts end.", [_id], result => (HttpMethod.Post, $"{Path(result)}/acknowledge", null), StatusText.Story),
        BuildMerge(),
        BuildPostmortem(),
    };

    private string Path(ParseResult result) => $"incidents/{result.GetValue(_id)}";

    private JsonObject Body(ParseResult result)
    {
        var body = new JsonObject();
        foreach ((string name, Option<string?> option) in new[] { ("title", _title), ("text", _text), ("status", _status), ("impact", _impact), ("startedAt", _startedAt), ("resolvedAt", _resolvedAt) })
        {
            if (result.GetResult(option) is not null)
            {
                body[name] = result.GetValue(option);
            }
        }

        if (result.GetResult(_components) is not null)
        {
            body["components"] = new JsonArray([.. result.GetValue(_components)!.Select(name => (JsonNode)name)]);
        }

        return body;
    }

    private Command BuildMerge()
    {
        var into = new Option<long>("--into") { Description = "The number of the other incident.", HelpName = "ID", Required = true };
        return connection.Make("merge", "Make an incident a part of another, which takes over what it affects.", [_id, into], result => (HttpMethod.Post, $"{Path(result)}/merge", new JsonObject { ["into"] = result.GetValue(into) }), StatusText.Story);
    }

    private Command BuildPostmortem()
    {
        var file = new Option<FileInfo>("--file") { Description = "Keep this Markdown as the postmortem. Without it the draft is printed; a new one is filled with what was measured.", HelpName = "FILE" };
        file.AcceptExistingOnly();
        Option<bool> publish = ValueOptions.Flag("--publish", "Let everybody read it.");
        return connection.Make(
            "postmortem",
            "Print the draft of an incident's postmortem, or keep and publish one.",
            [_id, file, publish],
            result => result.GetValue(file) is { } source
                ? (HttpMethod.Put, $"{Path(result)}/postmortem", new JsonObject { ["text"] = File.ReadAllText(source.FullName), ["publish"] = result.GetValue(publish) })
                : (HttpMethod.Get, $"{Path(result)}/postmortem", null),
            json => json.TryGetProperty("text", out _) ? StatusText.Field(json, "text") : StatusText.Story(json));
    }
}
