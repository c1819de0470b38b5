using Holdfast.Status.Announcements;
using Holdfast.Status.Incidents;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Notifying;
using Holdfast.Status.Page;
using Holdfast.Status.Serving;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Operating;

/// <summary>Draws the operator's pages. They need no script.</summary>
internal sealed class OperatorPages(PageOptions options)
{
    private const int PastShown = 20;

    private static readonly (string, string)[] Impacts = [("minor", "Minor"), ("major", "Major"), ("critical", "Critical"), ("none", "None")];

    private static readonly (string, string)[] Statuses =
        [("", "As it is"), ("investigating", "Investigating"), ("identified", "Identified"), ("monitoring", "Monitoring"), ("resolved", "Resolved")];

    private readonly Layout _layout = new(options);

    /// <summary>The login.</summary>
    public string Login(string problem) => Draw("Log in", null, "", Html.Of($"""
        <section><h2>Log in</h2><div class="card">{Problem(problem)}
        <form method="post" action="/operator/login"><label>Name <input name="name" required autocomplete="username"></label>
        <label>Password <input type="password" name="password" required autocomplete="current-password"></label><button>Log in</button></form></div></section>
        """));

    /// <summary>Something was not done.</summary>
    public string Refusal(string problem, Session? session) => Draw("Not done", session, "", Html.Of($"<section><h2>Not done</h2><div class=\"card\">{Problem(problem)}<p><a href=\"/operator\">Back to the desk</a></p></div></section>"));

    /// <summary>What is open, and what can be begun.</summary>
    public string Desk(StatusView view, Session session, string said)
    {
        string token = session.FormToken;
        return Draw("Desk", session, said, Html.Of($"""
            {Layout.Section("Open incidents", Listed(view.Incidents.Where(incident => incident.IsOpen), view))}
            {Layout.Section("Maintenance", view.Maintenances.Where(maintenance => maintenance.IsOpen).Select(maintenance => Maintenance(maintenance, token)))}
            <section><h2>Begin</h2>
            <details class="card"><summary>Open an incident</summary>{Fields.Form("incidents", token, Html.Of($"{Fields.Line("Title", "title")}{Fields.Choice("Impact", "impact", Impacts)}{Fields.Choice("Status", "status", Statuses[1..4])}{Fields.Components(view)}{Fields.Text("What is known", "text")}"), "Open the incident")}</details>
            <details class="card"><summary>Schedule a maintenance</summary>{Fields.Form("maintenances", token, Html.Of($"{Fields.Line("Title", "title")}{Fields.Time("Begins (UTC)", "startsAt")}{Fields.Time("Ends (UTC)", "endsAt")}{Fields.Components(view)}{Fields.Text("What is done, and what is to be expected", "text")}"), "Schedule it")}</details>
            <details class="card"><summary>Announce something</summary>{Fields.Form("announcements", token, Html.Of($"{Fields.Line("Title", "title")}{Fields.Time("Shown until (UTC; two weeks if empty)", "until")}{Fields.Text("Text (Markdown)", "text", rows: 6)}"), "Publish it")}</details></section>
            {Layout.Section("Announcements", view.Announcements.Select(announcement => Announced(announcement, token)))}
            {Layout.Section("Past incidents", Listed(view.Incidents.Where(incident => !incident.IsOpen).Take(PastShown), view))}
            """));
    }

    /// <summary>An incident, and what can be done to it.</summary>
    public string Incident(Incident incident, StatusView view, string draft, Session session, string said)
    {
        string at = $"incidents/{incident.Id}";
        string token = session.FormToken;
        (string, string)[] others = [.. view.Incidents.Where(other => other.Id != incident.Id && (other.IsOpen || !incident.IsOpen)).Take(PastShown).Select(other => ($"{other.Id}", $"{other.Id}: {other.Title}"))];
        Html quick = Html.Of($"{(incident.AcknowledgedAt is null ? Fields.Button($"{at}/acknowledge", token, "Acknowledge: I look after it") : Html.None)}{(incident.IsConfirmed ? Html.None : Fields.Button($"{at}/confirm", token, "Confirm: it is so"))}");
        return Draw(incident.Title, session, said, Html.Of($"""
            <section><h2>Incident {incident.Id}</h2>{IncidentPages.Card(incident, view.Board.At, int.MaxValue, "")}<div class="row">{quick}</div></section>
            <section><h2>Say something</h2><div class="card">{Fields.Form($"{at}/update", token, Html.Of($"{Fields.Choice("Status", "status", Statuses)}{Fields.Text("Text", "text")}"), "Publish the update")}</div></section>
            <section><h2>Correct it</h2><details class="card"><summary>Title, impact, components, times</summary>{Fields.Form($"{at}/correct", token, Html.Of($"{Fields.Line("Title", "title", incident.Title)}{Fields.Choice("Impact", "impact", Impacts, StatuspageApi.Impact(incident.Impact))}{Fields.Time("Since (UTC; empty: as it is)", "startedAt")}{Fields.Time("Until (UTC; empty: as it is)", "resolvedAt")}{Fields.Components(view, incident.Components.ToHashSet())}"), "Correct it")}</details>
            {(others.Length == 0 ? Html.None : Html.Of($"<details class=\"card\"><summary>Make it a part of another</summary>{Fields.Form($"{at}/merge", token, Fields.Choice("Part of", "into", others), "Merge it")}</details>"))}</section>
            <section><h2>Postmortem</h2><div class="card"><p class="faint">{(incident.PostmortemAt is null ? "Not published." : "Published.")} What was measured is filled in.</p>{Fields.Form($"{at}/postmortem", token, Html.Of($"{Fields.Text("Markdown", "text", draft, 24)}<label class=\"choice\"><input type=\"checkbox\" name=\"publish\" value=\"yes\"> Publish it</label>"), "Keep it")}</div></section>
            """));
    }

    /// <summary>Who is told, and what could not be said.</summary>
    public string Subscribers((IReadOnlyList<Subscriber> All, IReadOnlyList<FailedDelivery> Failures, long Waiting) people, StatusView view, Session session, string said)
    {
        IEnumerable<Html> rows = people.All.Select(one => Html.Of(
            $"<tr><td>{one.Channel}</td><th scope=\"row\">{one.Address}</th><td>{(one.Components.Count == 0 ? "all" : string.Join(", ", one.Components))}</td><td>{(one.IsConfirmed ? "confirmed" : "asked")}</td><td>{Fields.Button($"subscribers/{one.Id}/remove", session.FormToken, "Remove")}</td></tr>"));
        IEnumerable<Html> failures = people.Failures.Select(one => Html.Of($"<tr><td>{Layout.Time(one.At)}</td><td>{one.Channel}</td><th scope=\"row\">{one.Address}</th><td>{one.Title}</td><td>{one.Error}</td></tr>"));
        return Draw("Subscribers", session, said, Html.Of($"""
            <section><h2>Subscribers</h2><div class="card"><table><thead><tr><th scope="col">How</th><th scope="col">Where</th><th scope="col">About</th><th scope="col">State</th><th scope="col">Remove</th></tr></thead><tbody>{rows}</tbody></table></div>
            <details class="card"><summary>Add one</summary>{Fields.Form("subscribers", session.FormToken, Html.Of($"{Fields.Choice("How", "channel", [("email", "Mail"), ("webhook", "Webhook"), ("slack", "Slack"), ("sms", "Text message")])}{Fields.Line("Where", "address")}{Fields.Components(view)}{Fields.Names("Seen from", "locations", view.Board.Watchers.Select(watcher => watcher.Location).Distinct())}"), "Add it")}</details></section>
            <section><h2>Not delivered</h2><div class="card"><p class="faint">{people.Waiting} notices wait.</p><table><tbody>{failures}</tbody></table></div></section>
            """));
    }

    /// <summary>What was done, by whom.</summary>
    public string Audit(IReadOnlyList<AuditEntry> entries, Session session) => Draw("Audit log", session, "", Html.Of($"""
        <section><h2>Audit log</h2><div class="card"><table><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">To what</th></tr></thead>
        <tbody>{entries.Select(entry => Html.Of($"<tr><td>{Layout.Time(entry.At)}</td><th scope=\"row\">{entry.Who}</th><td>{entry.Action}</td><td>{entry.Subject}</td></tr>"))}</tbody></table></div></section>
        """));

    private static Html Problem(string problem) => problem.Length == 0 ? Html.None : Html.Of($"<p class=\"problem\" role=\"alert\">{problem}</p>");

    private static IEnumerable<Html> Listed(IEnumerable<Incident> incidents, StatusView view)
        => incidents.Select(incident => IncidentPages.Card(incident, view.Board.At, 1, $"/operator/incidents/{incident.Id}"));

    private static Html Maintenance(Maintenance maintenance, string token)
    {
        bool isScheduled = maintenance.Status == MaintenanceStatus.Scheduled;
        (string, string)[] statuses = isScheduled ? [("", "As it is"), ("in_progress", "Begin now"), ("cancelled", "Cancel")] : [("", "As it is"), ("completed", "End now")];
        return Html.Of($"""
            {PlanCards.Card(maintenance)}
            <details class="card"><summary>Change maintenance {maintenance.Id}</summary>{Fields.Form($"maintenances/{maintenance.Id}", token, Html.Of($"{Fields.Choice("Status", "status", statuses)}{(isScheduled ? Fields.Time("Begins (UTC; empty: as it is)", "startsAt") : Html.None)}{Fields.Time("Ends (UTC; empty: as it is)", "endsAt")}{Fields.Text("Text", "text", "The plan has changed.")}"), "Change it")}</details>
            """);
    }

    private static Html Announced(Announcement announcement, string token) => Html.Of($"{PlanCards.Card(announcement)}<div class=\"row\">{Fields.Button($"announcements/{announcement.Id}/withdraw", token, $"Withdraw announcement {announcement.Id}")}</div>");

    private string Draw(string title, Session? session, string said, Html body)
    {
        Html menu = session is null ? Html.None : Html.Of(
            $"<nav><a href=\"/operator\">Desk</a> <a href=\"/operator/subscribers\">Subscribers</a> <a href=\"/operator/audit\">Audit log</a> <span class=\"faint\">{session.Operator}</span> {Fields.Button("logout", session.FormToken, "Log out")}</nav>");
        Html note = said.Length == 0 ? Html.None : Html.Of($"<p class=\"said\" role=\"status\">{said}</p>");
        return _layout.Document(title, "/", Html.Of($"{_layout.Header("/", menu)}<main>{note}{body}</main><footer></footer>"));
    }
}
