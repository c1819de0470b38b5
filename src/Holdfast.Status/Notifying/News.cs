using Holdfast.Status.Announcements;
using Holdfast.Status.Incidents;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Page;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Notifying;

/// <summary>
/// What of all that changes is worth telling: that an incident opens, gets worse, ends, or that a person says something. What measurements add meanwhile is on the page.
/// </summary>
/// <param name="options">Where the page is.</param>
internal sealed class News(PageOptions options)
{
    /// <summary>What is to be told of an incident, or null.</summary>
    public Notice? Of(Change<Incident> change)
    {
        (Incident? before, Incident after) = change;
        IncidentUpdate[] said = [.. after.Updates.Skip(before?.Updates.Count ?? 0)];
        bool isNew = before is null || before.IsOpen != after.IsOpen || after.Impact > before.Impact || after.Status != before.Status || said.Any(update => !update.IsAutomatic);
        return !isNew || after.MergedInto is not null || after.Updates.Count == 0 ? null : new Notice(
            "incident",
            after.Id,
            after.Title,
            StatuspageApi.Status(after.Status),
            StatuspageApi.Impact(after.Impact),
            after.Components,
            after.Locations,
            said.Length > 0 ? string.Join("\n\n", said.Select(update => update.Text)) : after.Updates[^1].Text,
            after.UpdatedAt,
            options.LinkTo($"incidents/{after.Id}.html"));
    }

    /// <summary>What is to be told of a maintenance, or null.</summary>
    public Notice? Of(Change<Maintenance> change)
    {
        (Maintenance? before, Maintenance after) = change;
        MaintenanceUpdate[] said = [.. after.Updates.Skip(before?.Updates.Count ?? 0)];
        string span = $"{after.StartsAt.UtcDateTime:yyyy-MM-dd HH:mm} to {after.EndsAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC";
        return said.Length == 0 ? null : new Notice(
            "maintenance",
            after.Id,
            after.Title,
            StatuspageApi.Status(after.Status),
            "",
            after.Components,
            [],
            $"{string.Join("\n\n", said.Select(update => update.Text))}\n\n{span}",
            said[^1].At,
            options.LinkTo($"#maintenance-{after.Id}"));
    }

    /// <summary>What is to be told of an announcement.</summary>
    public Notice Of(Announcement announcement) => new(
        "announcement", announcement.Id, announcement.Title, "published", "", [], [], announcement.Text, announcement.At, options.LinkTo($"#announcement-{announcement.Id}"));

    /// <summary>What operators are told of an incident.</summary>
    public Notice Alert(Incident incident, int stage, DateTimeOffset now) => new(
        Notice.Alert,
        incident.Id,
        incident.Title,
        StatuspageApi.Status(incident.Status),
        StatuspageApi.Impact(incident.Impact),
        incident.Components,
        incident.Locations,
        incident.IsOpen
            ? $"{(stage > 1 ? $"Nobody has acknowledged this for {Words.Duration(incident.Duration(now))}. " : "")}{(incident.Updates.Count > 0 ? incident.Updates[^1].Text : "")}\nAcknowledge it on the operator's page, or with 'holdfast status incident acknowledge {incident.Id}'."
            : incident.Updates[^1].Text,
        now,
        options.LinkTo($"operator/incidents/{incident.Id}"));
}
