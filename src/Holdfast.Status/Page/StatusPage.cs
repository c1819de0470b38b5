using Holdfast.Status.Availability;
using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Serving;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Page;

/// <summary>Measurements of the steps of each component, for the graphs.</summary>
internal delegate IReadOnlyList<(Series Series, IReadOnlyList<Rollup> Points)> Measure(string component, TimeSpan resolution, TimeSpan span);

/// <summary>Draws the public page.</summary>
/// <param name="options">What the operator chose.</param>
internal sealed class StatusPage(PageOptions options)
{
    /// <summary>Days in a row of bars.</summary>
    public const int BarDays = 90;

    private const int BudgetDays = 30;
    private const int IncidentsShown = 30;
    private const int UpdatesShown = 20;

    /// <summary>The graphs on the page show the last hour.</summary>
    public static readonly TimeSpan GraphSpan = TimeSpan.FromHours(1);

    private static readonly TimeSpan NoticedSkew = TimeSpan.FromSeconds(5);

    /// <summary>Draws the page.</summary>
    public string Draw(StatusView view, Measure measure)
    {
        Board board = view.Board;
        Incident[] open = [.. view.Incidents.Where(incident => incident.IsOpen)];
        Incident[] past = [.. view.Incidents.Where(incident => !incident.IsOpen).Take(IncidentsShown)];
        Html body = Html.Of($"""
            <header><h1>{options.Name} status</h1><span class="faint">As of {Time(board.At)}</span></header>
            <main>
            <div class="overall {StateWords.Class(StateWords.Shown(board))}" role="status"><strong>{StateWords.Headline(board)}</strong><span>{Age(board)}</span></div>
            {Section("Open incidents", open.Select(incident => DrawIncident(incident, board.At)))}
            {Section("Components", board.Components.Select(component => DrawComponent(component, view, measure)))}
            {DrawWatchers(view)}
            {Section("Past incidents", past.Length > 0 ? past.Select(incident => DrawIncident(incident, board.At)) : [Html.Of($"<p class=\"faint\">None.</p>")])}
            </main>
            <footer class="faint"><p>Measured from outside by synthetic devices, and opened and closed by what they find. Times are UTC. {DrawSupport()}</p>
            <p><a href="history.atom">Atom feed</a> · <a href="api/v2/summary.json">API</a></p></footer>
            """);
        return Html.Of($"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="30">
            <title>{StateWords.Headline(board)} · {options.Name} status</title><link rel="stylesheet" href="style.css"><link rel="alternate" type="application/atom+xml" href="history.atom" title="Incidents"></head>
            <body>
            {body}
            </body></html>

            """).ToString();
    }

    /// <summary>How old the newest measurement is, in words.</summary>
    public static string Age(Board board) => board.NewestAt is { } newest
        ? $"The newest measurement is {Words.Duration(board.At > newest ? board.At - newest : TimeSpan.Zero)} old, from {board.Watchers.Count(watcher => !watcher.IsSilent)} of {board.Watchers.Count} watchers."
        : "No watcher has reported yet.";

    private static Html Section(string title, IEnumerable<Html> parts)
    {
        Html all = Html.Join(parts);
        return all.ToString().Length == 0 ? Html.None : Html.Of($"<section><h2>{title}</h2>{all}</section>");
    }

    private static Html Time(DateTimeOffset time) => Html.Of($"<time datetime=\"{time.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\">{time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC</time>");

    private static Html State(ComponentState state) => Html.Of($"<span class=\"state {StateWords.Class(state)}\">{StateWords.Label(state)}</span>");

    private Html DrawSupport() => options.Support.Length == 0 ? Html.None : Html.Of($"<a href=\"{options.Support}\">Help</a>");

    private Html DrawComponent(ComponentView component, StatusView view, Measure measure)
    {
        IReadOnlyList<StateChange> changes = view.Changes.TryGetValue(component.Name, out IReadOnlyList<StateChange>? known) ? known : [];
        IReadOnlyList<Day> days = Uptime.Days(changes, BarDays, view.Board.At);
        string uptime = Uptime.Share(days) is { } share ? $"{Words.Percent(share)} uptime" : "no data";
        Day[] period = [.. days.TakeLast(BudgetDays)];
        TimeSpan budget = Uptime.Budget(period, options.Objective);
        string left = budget >= TimeSpan.Zero ? $"{Words.Duration(budget)} of error budget left" : $"error budget exceeded by {Words.Duration(-budget)}";
        return Html.Of($"""
            <article class="card"><div class="head"><h3>{component.Name}</h3>{State(component.State)}</div>
            {Places(component)}
            {Graphs.Bars(days, $"{component.Name}, the last {BarDays} days: {uptime}")}
            <div class="scale"><span>{BarDays} days ago</span><span>{uptime}</span><span>today</span></div>
            <p class="faint">Objective {options.Objective * 100:0.###} % in {BudgetDays} days: {left}.</p>
            <details><summary>The last hour, step by step</summary><div class="graphs">{measure(component.Name, TimeSpan.FromMinutes(1), GraphSpan).Select(one => DrawSeries(one.Series, one.Points, view.Board.At))}</div></details>
            </article>
            """);
    }

    private static Html Places(ComponentView component) => component.Locations.Count == 0 ? Html.None : Html.Of(
        $"<ul class=\"places\">{component.Locations.Select(location => Html.Of($"<li>{location.Name} <span class=\"state {StateWords.Class(location.State)}\">{StateWords.Label(location.State)}</span></li>"))}</ul>");

    private static Html DrawSeries(Series series, IReadOnlyList<Rollup> points, DateTimeOffset now)
    {
        long count = points.Sum(point => point.Count);
        long failed = points.Sum(point => point.Failed);
        double mean = points.Sum(point => point.MeanMilliseconds * (point.Count - point.Failed)) / Math.Max(1, count - failed);
        double longest = points.Select(point => point.MaximumMilliseconds).DefaultIfEmpty().Max();
        string words = count == 0 ? "no data" : count == failed ? $"all {failed} failed"
            : $"mean {mean:0.#} ms, longest {longest:0.#} ms{(failed > 0 ? $", {failed} of {count} failed" : "")}";
        return Html.Of($"<figure><figcaption><b>{series.Step}</b> from {series.Location}<br><span class=\"faint\">{words}</span></figcaption>{Graphs.Line(points, TimeSpan.FromMinutes(1), now, GraphSpan, $"{series.Step} from {series.Location}: {words}")}</figure>");
    }

    private static Html DrawIncident(Incident incident, DateTimeOffset now)
    {
        TimeSpan length = (incident.ResolvedAt ?? now) - incident.StartedAt;
        IncidentUpdate[] updates = [.. incident.Updates.Reverse().Take(UpdatesShown)];
        string origin = incident.IsConfirmed ? "confirmed" : incident.IsAutomatic ? "detected automatically" : "reported by a person";
        return Html.Of($"""
            <article class="card incident {StateWords.Class(incident.IsOpen ? incident.Impact : ComponentState.Unknown)}" id="incident-{incident.Id}">
            <div class="head"><h3>{incident.Title}</h3><span class="badge">{incident.Status.ToString()} · {origin}</span></div>
            <p class="faint">Since {Time(incident.StartedAt)}, {(incident.IsOpen ? "for" : "lasted")} {Words.Duration(length)} · {string.Join(", ", incident.Components)}</p>
            <ol>{updates.Select(update => Html.Of($"<li><b>{update.Status.ToString()}</b> {Time(update.At)}\n{update.Text}</li>"))}</ol></article>
            """);
    }

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
