using Holdfast.Status.Announcements;
using Holdfast.Status.Availability;
using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>Draws the public page.</summary>
/// <param name="options">What the operator chose.</param>
/// <param name="layout">What all pages have in common.</param>
internal sealed class StatusPage(PageOptions options, Layout layout)
{
    /// <summary>Days in a row of bars.</summary>
    public const int BarDays = 90;

    private const int BudgetDays = 30;
    private const int IncidentsShown = 30;
    private const int UpdatesShown = 20;
    private const int PastUpdatesShown = 3;
    private const int NewsShown = 5;

    // News without an end of its own is at the top for so long.
    private static readonly TimeSpan NewsSpan = TimeSpan.FromDays(14);

    private static readonly TimeSpan NoticedSkew = TimeSpan.FromSeconds(5);

    /// <summary>Draws the page.</summary>
    /// <param name="view">What is known.</param>
    /// <param name="isLive">Whether it loads itself again and again: for a screen on a wall. Who reads it with a screen reader would lose the place (WCAG 2.2.1), so it is a page apart.</param>
    public string Draw(StatusView view, bool isLive)
    {
        Board board = view.Board;
        Incident[] open = [.. view.Incidents.Where(incident => incident.IsOpen)];
        Incident[] past = [.. view.Incidents.Where(incident => !incident.IsOpen).Take(IncidentsShown)];
        Announcement[] news = [.. view.Announcements.Where(announcement => (announcement.Until ?? announcement.At + NewsSpan) > board.At).Take(NewsShown)];
        Html body = Html.Of($"""
            {layout.Header("", Html.Of($"<span class=\"faint\">As of {Layout.Time(board.At)} · <a href=\"{(isLive ? "index.html" : "live.html")}\">{(isLive ? "Stop renewing" : "Keep it fresh")}</a></span>"))}
            <main>
            <div class="overall {StateWords.ShownClass(view)}" role="status"><strong>{StateWords.Headline(view)}</strong><span>{Age(board)}</span></div>
            {Layout.Section("Announcements", news.Select(PlanCards.Card))}
            {Layout.Section("Open incidents", open.Select(incident => IncidentPages.Card(incident, board.At, UpdatesShown, $"incidents/{incident.Id}.html")))}
            {Layout.Section("Maintenance", view.Maintenances.Where(maintenance => maintenance.IsOpen).Select(PlanCards.Card))}
            {Layout.Section("Components", board.Components.Select(component => DrawComponent(component, view)))}
            {DrawWatchers(view)}
            {Layout.Section("Past incidents", past.Length > 0 ? past.Select(incident => IncidentPages.Card(incident, board.At, PastUpdatesShown, $"incidents/{incident.Id}.html")) : [Html.Of($"<p class=\"faint\">None.</p>")])}
            </main>
            <footer class="faint"><p>Measured from outside by synthetic devices, and opened and closed by what they find. Times are UTC. {DrawSupport()}</p>
            <p><a href="history.html">All incidents</a> · <a href="reports.html">Availability</a> · <a href="subscribe">Be told by mail</a> · <a href="history.atom">Atom</a> · <a href="history.rss">RSS</a> · <a href="maintenance.ics">Maintenance calendar</a> · <a href="api/v2/summary.json">API</a></p></footer>
            """);
        return layout.Document(StateWords.Headline(view), "", body, isLive ? Html.Of($"<meta http-equiv=\"refresh\" content=\"30\">") : null);
    }

    /// <summary>How old the newest measurement is, in words.</summary>
    public static string Age(Board board) => board.NewestAt is { } newest
        ? $"The newest measurement is {Words.Duration(board.At > newest ? board.At - newest : TimeSpan.Zero)} old, from {board.Watchers.Count(watcher => !watcher.IsSilent)} of {board.Watchers.Count} watchers."
        : "No watcher has reported yet.";

    private static Html State(ComponentView component, StatusView view) => view.IsInMaintenance(component.Name)
        ? Html.Of($"<span class=\"state maintenance\">Under maintenance</span>")
        : Html.Of($"<span class=\"state {StateWords.Class(component.State)}\">{StateWords.Label(component.State)}</span>");

    private static Html Description(ComponentView component, StatusView view)
        => view.Settings.GetValueOrDefault(component.Name) is { Description.Length: > 0 } settings ? Html.Of($"<p class=\"faint\">{settings.Description}</p>") : Html.None;

    private Html DrawSupport() => options.Support.Length == 0 ? Html.None : Html.Of($"<a href=\"{options.Support}\">Help</a>");

    private Html DrawComponent(ComponentView component, StatusView view)
    {
        IReadOnlyList<Day> days = Uptime.Days(view.ChangesOf(component.Name), BarDays, view.Board.At);
        string uptime = Uptime.Share(days) is { } share ? $"{Words.Percent(share)} uptime" : "no data";
        double objective = view.ObjectiveOf(component.Name, options.Objective);
        Day[] period = [.. days.TakeLast(BudgetDays)];
        TimeSpan budget = Uptime.Budget(period, objective);
        string left = budget >= TimeSpan.Zero ? $"{Words.Duration(budget)} of error budget left" : $"error budget exceeded by {Words.Duration(-budget)}";
        return Html.Of($"""
            <article class="card"><div class="head"><h3>{component.Name}</h3>{State(component, view)}</div>
            {Description(component, view)}{Places(component)}
            {Graphs.Bars(days, $"{component.Name}, the last {BarDays} days: {uptime}")}
            <div class="scale"><span>{BarDays} days ago</span><span>{uptime}</span><span>today</span></div>
            <p class="faint">Objective {objective * 100:0.###} % in {BudgetDays} days: {left}.</p>
            <p><a href="{ComponentPages.PathOf(component.Name)}">Step by step: hour, day and month</a></p>
            </article>
            """);
    }

    private static Html Places(ComponentView component) => component.Locations.Count == 0 ? Html.None : Html.Of(
        $"<ul class=\"places\">{component.Locations.Select(location => Html.Of($"<li>{location.Name} <span class=\"state {StateWords.Class(location.State)}\">{StateWords.Label(location.State)}</span></li>"))}</ul>");

    private static Html DrawWatchers(StatusView view)
    {
        if (view.Board.Watchers.Count == 0)
        {
            return Html.None;
        }

        IEnumerable<Html> rows = view.Board.Watchers.Select(watcher => Html.Of(
            $"<tr><th scope=\"row\">{watcher.Name}</th><td>{watcher.Location}</td><td>{Hearing(watcher)}</td><td>{Heard(watcher, view)}</td></tr>"));
        return Html.Of($"""
            <section><h2>Watchers</h2><div class="card"><table><thead><tr><th scope="col">Watcher</th><th scope="col">Location</th><th scope="col">State</th><th scope="col">Last heard</th></tr></thead>
            <tbody>{rows}</tbody></table></div></section>
            """);
    }

    private static Html Hearing(WatcherView watcher) => watcher switch
    {
        { IsSilent: true } => Html.Of($"<span class=\"state major\">Silent</span>"),
        { LastAt: null } => Html.Of($"<span class=\"state unknown\">Awaited</span>"),
        _ => Html.Of($"<span class=\"state operational\">Reports</span>"),
    };

    private static string Heard(WatcherView watcher, StatusView view)
    {
        if (watcher.LastAt is not { } at)
        {
            return "never";
        }

        TimeSpan skew = view.Skews.TryGetValue(watcher.Name, out TimeSpan known) ? known : TimeSpan.Zero;
        string clock = skew.Duration() < NoticedSkew ? "" : $"; its clock is {Words.Duration(skew.Duration())} {(skew > TimeSpan.Zero ? "fast" : "slow")}, corrected here";
        TimeSpan age = view.Board.At - at;
        return $"{(age < TimeSpan.FromSeconds(1) ? "just now" : $"{Words.Duration(age)} ago")}{clock}";
    }
}
