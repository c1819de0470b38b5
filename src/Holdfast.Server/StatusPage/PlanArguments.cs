using System.CommandLine;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.StatusPage;

/// <summary>The commands <c>status maintenance</c>, <c>announcement</c>, <c>component</c> and <c>subscriber</c>.</summary>
/// <param name="connection">How the page is spoken to.</param>
internal sealed class PlanArguments(StatusConnection connection)
{
    private readonly Argument<string> _id = new("ID") { Description = "Its number or id, as the list tells it." };
    private readonly Argument<string> _name = new("NAME") { Description = "The component's name." };
    private readonly Option<string?> _title = ValueOptions.Text("--title", "TEXT", "What it is, in a few words.");
    private readonly Option<string?> _text = ValueOptions.Text("--text", "TEXT", "What is said about it.");
    private readonly Option<string?> _starts = ValueOptions.Text("--starts", "TIME", "When it begins, such as 2026-01-31T18:30Z.");
    private readonly Option<string?> _ends = ValueOptions.Text("--ends", "TIME", "When it ends.");
    private readonly Option<string?> _until = ValueOptions.Text("--until", "TIME", "Until when it is at the top of the page. [default: two weeks]");
    private readonly Option<string?> _status = ValueOptions.Text("--status", "STATUS", "in_progress to begin now, completed to end now, or cancelled.");
    private readonly Option<int?> _remind = new("--remind") { Description = "How many minutes before its start it is announced once more. [default: 1440]", HelpName = "MINUTES" };
    private readonly Option<string?> _description = ValueOptions.Text("--description", "TEXT", "What it is, for the public.");
    private readonly Option<double?> _objective = new("--objective") { Description = "The share of time that is promised, such as 0.999.", HelpName = "SHARE" };
    private readonly Option<int?> _position = new("--position") { Description = "Where it stands on the page; the least is first.", HelpName = "N" };
    private readonly Option<string[]> _components = new("--component") { Description = "A component; repeatable.", HelpName = "NAME", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string[]> _locations = new("--location") { Description = "A location; repeatable.", HelpName = "PLACE", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> _channel = ValueOptions.Text("--by", "CHANNEL", "email, webhook, slack or sms.");
    private readonly Option<string?> _address = ValueOptions.Text("--to", "ADDRESS", "The mailbox, the address or the telephone number.");

    /// <summary>Makes the commands.</summary>
    public IEnumerable<Command> Build() =>
    [
        new Command("maintenance", "Manage planned work. It begins and ends by itself; what it affects opens no incident meanwhile.")
        {
            connection.Make("list", "List all maintenances.", [], _ => (HttpMethod.Get, "maintenances", null), json => StatusText.Table(json, "id", "status", "startsAt", "endsAt", "components", "title")),
            connection.Make("schedule", "Plan a maintenance.", [_title, _text, _starts, _ends, _remind, _components], result => (HttpMethod.Post, "maintenances", Body(result)), StatusText.Story),
            connection.Make("update", "Move, begin, end or cancel a maintenance, or say something about it.", [_id, _title, _text, _status, _starts, _ends, _remind, _components], result => (HttpMethod.Patch, $"maintenances/{Id(result)}", Body(result)), StatusText.Story),
        },
        new Command("announcement", "Manage news that is neither an incident nor a maintenance.")
        {
            connection.Make("list", "List all announcements.", [], _ => (HttpMethod.Get, "announcements", null), json => StatusText.Table(json, "id", "at", "until", "title")),
            connection.Make("publish", "Publish news, in Markdown.", [_title, _text, _until], result => (HttpMethod.Post, "announcements", Body(result)), json => $"published as {StatusText.Field(json, "id")}"),
            connection.Make("withdraw", "Take news back.", [_id], result => (HttpMethod.Delete, $"announcements/{Id(result)}", null), _ => "done"),
        },
        new Command("component", "Say something about what is watched.")
        {
            connection.Make("list", "List all components.", [], _ => (HttpMethod.Get, "components", null), json => StatusText.Table(json, "name", "state", "maintenance", "objective", "position", "description")),
            connection.Make("set", "Describe a component; one that no watcher has reported yet is shown as not known.", [_name, _description, _objective, _position], result => (HttpMethod.Put, $"components/{Uri.EscapeDataString(result.GetValue(_name)!)}", Body(result)), json => $"{StatusText.Field(json, "name")} is set"),
            connection.Make("remove", "Remove what was said about a component.", [_name], result => (HttpMethod.Delete, $"components/{Uri.EscapeDataString(result.GetValue(_name)!)}", null), _ => "done"),
        },
        new Command("subscriber", "Manage who is told.")
        {
            connection.Make("list", "List all subscribers.", [], _ => (HttpMethod.Get, "subscribers", null), json => StatusText.Table(json, "id", "channel", "address", "confirmed", "components", "locations")),
            connection.Make("add", "Add a subscriber. A mailbox is asked to confirm; the secret that signs a webhook is printed once.", [_channel, _address, _components, _locations], result => (HttpMethod.Post, "subscribers", Body(result)), json => $"{StatusText.Field(json, "id")}  {(StatusText.Field(json, "confirmed") == "yes" ? "is told" : "was asked to confirm")}  {StatusText.Field(json, "secret")}".TrimEnd()),
            connection.Make("remove", "Remove a subscriber.", [_id], result => (HttpMethod.Delete, $"subscribers/{Id(result)}", null), _ => "done"),
            connection.Make("failures", "List what could not be delivered.", [], _ => (HttpMethod.Get, "deliveries", null), json => $"{StatusText.Field(json, "waiting")} wait\n{StatusText.Table(json.GetProperty("givenUp"), "at", "channel", "address", "title", "error")}"),
        },
        connection.Make("audit", "List what people did, the newest first.", [], _ => (HttpMethod.Get, "audit", null), json => StatusText.Table(json, "at", "who", "action", "subject")),
    ];

    private string Id(ParseResult result) => Uri.EscapeDataString(result.GetValue(_id)!);

    private JsonObject Body(ParseResult result)
    {
        var body = new JsonObject();
        void Take<T>(string name, Option<T> option, Func<T, JsonNode?> write)
        {
            if (result.GetResult(option) is not null)
            {
                body[name] = write(result.GetValue(option)!);
            }
        }

        (string, Option<string?>)[] texts =
        [
            ("title", _title), ("text", _text), ("startsAt", _starts), ("endsAt", _ends), ("until", _until), ("status", _status), ("description", _description), ("channel", _channel), ("address", _address),
        ];
        foreach ((string name, Option<string?> option) in texts)
        {
            Take(name, option, text => text);
        }

        Take("remindMinutes", _remind, number => number);
        Take("objective", _objective, number => number);
        Take("position", _position, number => number);
        Take("components", _components, names => new JsonArray([.. names.Select(name => (JsonNode)name)]));
        Take("locations", _locations, names => new JsonArray([.. names.Select(name => (JsonNode)name)]));
        return body;
    }
}
