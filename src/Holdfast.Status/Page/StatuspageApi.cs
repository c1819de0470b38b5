using System.Text.Json.Nodes;
using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>
/// The shapes of Statuspage's public API v2, so that its clients and dashboards work here. They have no word for a state that is not known: it is
/// <c>degraded_performance</c> there, never <c>operational</c>; <c>holdfast_state</c> says it exactly.
/// </summary>
internal sealed class StatuspageApi(PageOptions options)
{
    private const int IncidentsShown = 50;

    /// <summary>The names of the documents, below <c>/api/v2/</c>.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "summary.json", "status.json", "components.json", "incidents.json", "incidents/unresolved.json",
        "scheduled-maintenances.json", "scheduled-maintenances/upcoming.json", "scheduled-maintenances/active.json",
    ];

    /// <summary>Draws a document.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="view">What is known.</param>
    /// <returns>Its JSON, or null when there is none of this name.</returns>
    public string? Draw(string name, StatusView view) => name switch
    {
        "summary.json" => Summary(view).ToJsonString(),
        "status.json" => Document(view, "status", Status(view)),
        "components.json" => Document(view, "components", Components(view)),
        "incidents.json" => Document(view, "incidents", Incidents(view, _ => true)),
        "incidents/unresolved.json" => Document(view, "incidents", Incidents(view, incident => incident.IsOpen)),
        "scheduled-maintenances.json" => Document(view, "scheduled_maintenances", Planned(view, _ => true)),
        "scheduled-maintenances/upcoming.json" => Document(view, "scheduled_maintenances", Planned(view, maintenance => maintenance.Status == MaintenanceStatus.Scheduled)),
        "scheduled-maintenances/active.json" => Document(view, "scheduled_maintenances", Planned(view, maintenance => maintenance.Status == MaintenanceStatus.InProgress)),
        _ => null,
    };

    private JsonObject Summary(StatusView view) => new()
    {
        ["page"] = Page(view.Board),
        ["status"] = Status(view),
        ["components"] = Components(view),
        ["incidents"] = Incidents(view, incident => incident.IsOpen),
        ["scheduled_maintenances"] = Planned(view, maintenance => maintenance.IsOpen),
    };

    private string Document(StatusView view, string name, JsonNode content) => new JsonObject { ["page"] = Page(view.Board), [name] = content }.ToJsonString();

    private static JsonArray Incidents(StatusView view, Func<Incident, bool> which) => [.. view.Incidents.Where(which).Take(IncidentsShown).Select(incident => (JsonNode)Incident(incident))];

    private static JsonArray Planned(StatusView view, Func<Maintenance, bool> which) => [.. view.Maintenances.Where(which).Reverse().Take(IncidentsShown).Select(maintenance => (JsonNode)Maintenance(maintenance))];

    private static JsonArray Components(StatusView view) => [.. view.Board.Components.Append(view.Board.Monitoring).Select((component, index) => (JsonNode)Component(component, index, view))];

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);

    private static JsonObject Status(StatusView view) => new()
    {
        ["indicator"] = StateWords.Shown(view) == ComponentState.Unknown ? "minor" : StateWords.IsMaintenance(view) ? "maintenance" : Impact(view.Overall),
        ["description"] = StateWords.Headline(view),
    };

    /// <summary>An impact in their words.</summary>
    public static string Impact(ComponentState state) => state switch
    {
        ComponentState.MajorOutage => "critical",
        ComponentState.PartialOutage => "major",
        ComponentState.Degraded => "minor",
        _ => "none",
    };

    private static JsonObject Component(ComponentView component, int index, StatusView view) => new JsonObject
    {
        ["id"] = component.Name,
        ["name"] = component.Name,
        ["description"] = view.Settings.GetValueOrDefault(component.Name)?.Description,
        ["status"] = component.State switch
        {
            _ when view.IsInMaintenance(component.Name) => "under_maintenance",
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

    private static JsonObject Incident(Incident incident) => new JsonObject
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
        ["locations"] = new JsonArray([.. incident.Locations.Select(location => (JsonNode)location)]),
        ["components"] = Affected(incident.Components),
        ["incident_updates"] = new JsonArray([.. incident.Updates.Reverse().Select(update => (JsonNode)new JsonObject
        {
            ["status"] = Status(update.Status),
            ["body"] = update.Text,
            ["created_at"] = Text(update.At),
            ["display_at"] = Text(update.At),
        })]),
    };

    /// <summary>A status in their words.</summary>
    public static string Status(IncidentStatus status) => status.ToString().ToLowerInvariant();

    /// <summary>A status in their words.</summary>
    public static string Status(MaintenanceStatus status) => status switch
    {
        MaintenanceStatus.Scheduled => "scheduled",
        MaintenanceStatus.InProgress => "in_progress",
        MaintenanceStatus.Completed => "completed",
        _ => "cancelled",
    };

    private static JsonObject Maintenance(Maintenance maintenance) => new JsonObject
    {
        ["id"] = maintenance.Id.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["name"] = maintenance.Title,
        ["status"] = Status(maintenance.Status),
        ["impact"] = "maintenance",
        ["scheduled_for"] = Text(maintenance.StartsAt),
        ["scheduled_until"] = Text(maintenance.EndsAt),
        ["created_at"] = Text(maintenance.Updates[0].At),
        ["updated_at"] = Text(maintenance.Updates[^1].At),
        ["components"] = Affected(maintenance.Components),
        ["incident_updates"] = new JsonArray([.. maintenance.Updates.Reverse().Select(update => (JsonNode)new JsonObject
        {
            ["status"] = Status(update.Status),
            ["body"] = update.Text,
            ["created_at"] = Text(update.At),
            ["display_at"] = Text(update.At),
        })]),
    };

    private static JsonArray Affected(IEnumerable<string> names) => [.. names.Select(name => (JsonNode)new JsonObject { ["id"] = name, ["name"] = name })];

    private JsonObject Page(Board board) => new()
    {
        ["id"] = "holdfast",
        ["name"] = options.Name,
        ["time_zone"] = "Etc/UTC",
        ["updated_at"] = Text(board.At),
        ["newest_measurement_at"] = board.NewestAt is { } newest ? Text(newest) : null,
    };
}
