using Holdfast.Status.Announcements;
using Holdfast.Status.Maintenances;

namespace Holdfast.Status.Page;

/// <summary>Draws what is planned and announced.</summary>
internal static class PlanCards
{
    private const int UpdatesShown = 10;

    /// <summary>A maintenance.</summary>
    public static Html Card(Maintenance maintenance) => Html.Of($"""
        <article class="card incident {(maintenance.Status == MaintenanceStatus.InProgress ? "maintenance" : "unknown")}" id="maintenance-{maintenance.Id}">
        <div class="head"><h3>{maintenance.Title}</h3><span class="badge">{Name(maintenance.Status)}</span></div>
        <p class="faint">{Layout.Time(maintenance.StartsAt)} to {Layout.Time(maintenance.EndsAt)} · {string.Join(", ", maintenance.Components)}</p>
        <ol>{maintenance.Updates.Reverse().Take(UpdatesShown).Select(update => Html.Of($"<li>{Layout.Time(update.At)}\n{update.Text}</li>"))}</ol></article>
        """);

    /// <summary>An announcement.</summary>
    public static Html Card(Announcement announcement) => Html.Of($"""
        <article class="card" id="announcement-{announcement.Id}"><div class="head"><h3>{announcement.Title}</h3>{Layout.Time(announcement.At)}</div>
        <div class="prose">{Markdown.Draw(announcement.Text)}</div></article>
        """);

    /// <summary>A status in words.</summary>
    public static string Name(MaintenanceStatus status) => status switch
    {
        MaintenanceStatus.Scheduled => "Scheduled",
        MaintenanceStatus.InProgress => "In progress",
        MaintenanceStatus.Completed => "Completed",
        _ => "Cancelled",
    };
}
