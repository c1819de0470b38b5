using System.Text.Json.Nodes;
using Holdfast.Status.Incidents;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>All that the public can read, by path: served, or written to files for any web host.</summary>
internal sealed class Site
{
    private const string IncidentFolder = "incidents/";
    private const string ApiFolder = "api/v2/";

    private readonly PageOptions _options;
    private readonly StatusPage _page;
    private readonly IncidentPages _incidents;
    private readonly StatuspageApi _api;
    private readonly AtomFeed _atom;
    private readonly RssFeed _rss;
    private readonly ReportPages _reports;
    private readonly ComponentPages _components;

    public Site(PageOptions options)
    {
        _options = options;
        var layout = new Layout(options);
        _page = new StatusPage(options, layout);
        _incidents = new IncidentPages(layout);
        _api = new StatuspageApi(options);
        _atom = new AtomFeed(options);
        _rss = new RssFeed(options);
        _reports = new ReportPages(options, layout);
        _components = new ComponentPages(layout);
    }

    /// <summary>The paths of all documents.</summary>
    public IEnumerable<string> Paths(StatusView view) =>
    [
        "index.html", "live.html", "history.html", "style.css", "history.atom", "history.rss", "maintenance.ics", "metrics",
        .. _options.Logo.Length == 0 ? [] : new[] { $"logo{Path.GetExtension(_options.Logo)}" },
        .. ReportPages.Paths(view),
        .. view.Board.Components.Select(component => ComponentPages.PathOf(component.Name)),
        .. StatuspageApi.Names.Select(name => ApiFolder + name),
        .. view.Incidents.Select(incident => $"{IncidentFolder}{incident.Id}.html"),
    ];

    /// <summary>Draws a document.</summary>
    /// <param name="path">Its path, without a leading slash.</param>
    /// <param name="view">What is known.</param>
    /// <param name="measure">Reads measurements.</param>
    /// <returns>Its text, or null when there is none.</returns>
    public string? Draw(string path, StatusView view, Measure measure) => path switch
    {
        "index.html" => _page.Draw(view, isLive: false),
        "live.html" => _page.Draw(view, isLive: true),
        "history.html" => _incidents.DrawHistory(view),
        "style.css" => StyleSheet.Text(_options),
        "history.atom" => _atom.Draw(view),
        "history.rss" => _rss.Draw(view),
        "maintenance.ics" => CalendarFile.Draw(view, _options),
        "metrics" => MetricsText.Draw(view),
        "site.json" => new JsonObject { ["paths"] = new JsonArray([.. Paths(view).Select(one => (JsonNode)one)]) }.ToJsonString(),
        "reports.html" => _reports.DrawLedger(view),
        _ when path.StartsWith(ReportPages.Folder, StringComparison.Ordinal) => _reports.Draw(path, view),
        _ when path.StartsWith(ComponentPages.Folder, StringComparison.Ordinal) => _components.Draw(path, view, measure),
        _ when path.StartsWith(ApiFolder, StringComparison.Ordinal) => _api.Draw(path[ApiFolder.Length..], view),
        _ when path.StartsWith(IncidentFolder, StringComparison.Ordinal) && Find(path, view) is { } incident => _incidents.Draw(incident, view),
        _ => null,
    };

    private static Incident? Find(string path, StatusView view)
        => view.Incidents.FirstOrDefault(incident => path == $"{IncidentFolder}{incident.Id}.html");
}
