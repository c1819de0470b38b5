using System.Text.Json.Nodes;
using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>
/// The shapes of Statuspage's public API v2, so that its clients and dashboards work here. They have no word for a state that is not known: it is
/// <c>degraded_performance</c> there, never <c>operational</c>; <c>holdfast_state</c> says it exactly.
/// </summary>
internal sealed class StatuspageApi(PageOptions options)
{
    private const int IncidentsShown = 50;

    /// <summary>The documents by their path below <c>/api/v2/</c>.</summary>
    public IReadOnlyDictionary<string, string> Documents(StatusView view)
    {
        JsonObject Document(string name, Func<JsonNode> content) => new() { ["page"] = Page(view.Board), [name] = content() };
        JsonArray Incidents(Func<Incident, bool> which) => [.. view.Incidents.Where(which).Take(IncidentsShown).Select(Incident)];
        JsonArray Components() => [.. view.Board.Components.Append(view.Board.Monitoring).Select(Component)];
        JsonObject summary = Document("status", () => Status(view.Board));
        summary["components"] = Components();
        summary["incidents"] = Incidents(incident => incident.IsOpen);
        summary["scheduled_maintenances"] = new JsonArray();
        return new Dictionary<string, string>
        {
            ["summary.json"] = summary.ToJsonString(),
            ["status.json"] = Document("status", () => Status(view.Board)).ToJsonString(),
            ["components.json"] = Document("components", Components).ToJsonString(),
            ["incidents.json"] = Document("incidents", () => Incidents(_ => true)).ToJsonString(),
            ["incidents/unresolved.json"] = Document("incidents", () => Incidents(incident => incident.IsOpen)).ToJsonString(),
        };
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);

    private static JsonObject Status(Board board) => new()
    {
        ["indicator"] = StateWords.Shown(board) == ComponentState.Unknown ? "minor" : Impact(board.Overall),
        ["description"] = StateWords.Headline(board),
    };

    private static string Impact(ComponentState state) => state switch
    {
        ComponentState.MajorOutage => "critical",
        ComponentState.PartialOutage => "major",
        ComponentState.Degraded => "minor",
        _ => "none",
    };

    private static JsonNode Component(ComponentView component, int index) => new JsonObject
    {
        ["id"] = component.Name,
        ["name"] = component.Name,
        ["status"] = component.State switch
        {
            ComponentState.Operational => "operational",
            ComponentState.MajorOutage => "major_outage",
            ComponentState.PartialOutage => "partial_outage",
            _ => "degraded_performance",
        },
        ["holdfast_state"] = FaultWords.Name(component.State),
        ["updated_at"] = Text(component.Since),
        ["position"] = index + 1,
        ["group"] = false,
        ["locations"] = new JsonArray([.. component.Locations.Select(location => (JsonNode)new JsonObject { ["name"] = location.Name, ["state"] = FaultWords.Name(location.State) })]),
        ["failing_steps"] = new JsonArray([.. component.Faults.Select(fault => fault.Step).Distinct().Select(step => (JsonNode)step)]),
    };

    private static JsonNode Incident(Incident incident) => new JsonObject
    {
        ["id"] = incident.Id.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["name"] = incident.Title,
        ["status"] = Status(incident.Status),
        ["impact"] = Impact(incident.Impact),
        ["created_at"] = Text(incident.StartedAt),
        ["started_at"] = Text(incident.StartedAt),
        ["updated_at"] = Text(incident.Updates.Count > 0 ? incident.Updates[^1].At : incident.StartedAt),
        ["resolved_at"] = incident.ResolvedAt is { } end ? Text(end) : null,
        ["confirmed"] = incident.IsConfirmed,
        ["components"] = new JsonArray([.. incident.Components.Select(name => (JsonNode)new JsonObject { ["id"] = name, ["name"] = name })]),
        ["incident_updates"] = new JsonArray([.. incident.Updates.Reverse().Select(update => (JsonNode)new JsonObject
        {
            ["status"] = Status(update.Status),
            ["body"] = update.Text,
            ["created_at"] = Text(update.At),
            ["display_at"] = Text(update.At),
        })]),
    };

    private static string Status(IncidentStatus status) => status.ToString().ToLowerInvariant();

    private JsonObject Page(Board board) => new()
    {
        ["id"] = "holdfast",
        ["name"] = options.Name,
        ["time_zone"] = "Etc/UTC",
        ["updated_at"] = Text(board.At),
        ["newest_measurement_at"] = board.NewestAt is { } newest ? Text(newest) : null,
    };
}
