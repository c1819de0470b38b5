using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>Draws incidents: as cards of other pages, each on a page of its own, and all in one list.</summary>
/// <param name="layout">What all pages have in common.</param>
internal sealed class IncidentPages(Layout layout)
{
    /// <summary>An incident as a card.</summary>
    /// <param name="incident">The incident.</param>
    /// <param name="now">Now.</param>
    /// <param name="updates">How many updates, the newest first.</param>
    /// <param name="link">The way to its own page; empty for none.</param>
    public static Html Card(Incident incident, DateTimeOffset now, int updates, string link)
    {
        Html title = link.Length == 0 ? Html.Of($"{incident.Title}") : Html.Of($"<a href=\"{link}\">{incident.Title}</a>");
        return Html.Of($"""
            <article class="card incident {StateWords.Class(incident.IsOpen ? incident.Impact : ComponentState.Unknown)}" id="incident-{incident.Id}">
            <div class="head"><h3>{title}</h3><span class="badge">{incident.Status.ToString()} · {Origin(incident)}</span></div>
            <p class="faint">Since {Layout.Time(incident.StartedAt)}, {(incident.IsOpen ? "for" : "lasted")} {Words.Duration(incident.Duration(now))} · {string.Join(", ", incident.Components)}{(incident.PostmortemAt is null ? "" : " · postmortem")}</p>
            <ol>{incident.Updates.Reverse().Take(updates).Select(update => Html.Of($"<li><b>{update.Status.ToString()}</b> {Layout.Time(update.At)}\n{update.Text}</li>"))}</ol></article>
            """);
    }

    /// <summary>The page of an incident.</summary>
    public string Draw(Incident incident, StatusView view)
    {
        Html postmortem = incident.PostmortemAt is null ? Html.None : Html.Of($"<section><h2>Postmortem</h2><div class=\"card prose\">{Markdown.Draw(incident.Postmortem)}</div></section>");
        return layout.Document(incident.Title, "../", Html.Of($"""
            {layout.Header("../", Html.Of($"<span class=\"faint\">As of {Layout.Time(view.Board.At)}</span>"))}
            <main>{Layout.Section(incident.IsOpen ? "Open incident" : "Past incident", [Card(incident, view.Board.At, int.MaxValue, "")])}{postmortem}</main>
            <footer class="faint"><p><a href="../index.html">Now</a> · <a href="../history.html">All incidents</a></p></footer>
            """));
    }

    /// <summary>The page with all incidents that are kept.</summary>
    public string DrawHistory(StatusView view)
    {
        IEnumerable<Html> months = view.Incidents.GroupBy(incident => incident.StartedAt.UtcDateTime.ToString("yyyy-MM", Words.Culture)).Select(month => Html.Of($"""
            <section><h2>{month.Key}</h2><div class="card"><table><thead><tr><th scope="col">Since (UTC)</th><th scope="col">Incident</th><th scope="col">Lasted</th><th scope="col">Affected</th></tr></thead>
            <tbody>{month.Select(incident => Row(incident, view.Board.At))}</tbody></table></div></section>
            """));
        return layout.Document("All incidents", "", Html.Of($"""
            {layout.Header("", Html.Of($"<a href=\"index.html\">Now</a>"))}
            <main>{(view.Incidents.Count == 0 ? [Html.Of($"<p>No incident is on record.</p>")] : months)}</main>
            <footer class="faint"><p>Incidents are kept for 396 days.</p></footer>
            """));
    }

    private static Html Row(Incident incident, DateTimeOffset now) => Html.Of(
        $"<tr><td>{incident.StartedAt.UtcDateTime:MM-dd HH:mm}</td><th scope=\"row\"><a href=\"incidents/{incident.Id}.html\">{incident.Title}</a></th><td>{(incident.IsOpen ? "goes on" : Words.Duration(incident.Duration(now)))}</td><td>{string.Join(", ", incident.Components)}</td></tr>");

    private static string Origin(Incident incident) => incident switch
    {
        { IsAutomatic: true, IsConfirmed: true } => "detected automatically, confirmed",
        { IsAutomatic: true } => "detected automatically",
        _ => "reported by a person",
    };
}
