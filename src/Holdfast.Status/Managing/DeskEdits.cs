using Holdfast.Status.Announcements;
using Holdfast.Status.Judgement;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Reports;
using Holdfast.Status.Serving;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Managing;

/// <summary>What people can have done at the desk, for the API and for the operator's page alike; each throws an <see cref="EditException"/> when it is not done.</summary>
internal static class DeskEdits
{
    /// <summary>So many announcements are kept at the same time.</summary>
    public const int MaximumAnnouncements = 500;

    private const int MaximumDescription = 300;

    /// <summary>Plans a maintenance.</summary>
    public static Maintenance Schedule(this StatusDesk desk, string who, MaintenanceRequest request) => desk.Edit(who, "schedule maintenance", editors =>
    {
        Maintenance maintenance = editors.Maintenances.Schedule(request);
        return (maintenance, $"{maintenance.Id} {maintenance.Title}");
    });

    /// <summary>Changes a maintenance.</summary>
    public static Maintenance ChangeMaintenance(this StatusDesk desk, string who, long id, MaintenanceRequest request) => desk.Edit(who, "change maintenance", editors =>
    {
        Maintenance maintenance = editors.Maintenances.Update(id, request);
        return (maintenance, $"{maintenance.Id} {maintenance.Title}: {maintenance.Status}");
    });

    /// <summary>Publishes news.</summary>
    public static Announcement Announce(this StatusDesk desk, string who, AnnouncementRequest request) => desk.Edit(who, "announce", editors =>
    {
        if (editors.Tables.Plans.Announcements().Count >= MaximumAnnouncements)
        {
            throw new EditException(EditProblem.Conflict, $"There are {MaximumAnnouncements} announcements, the most that are kept. Withdraw one.");
        }

        DateTimeOffset now = editors.Now;
        if (request.Until <= now)
        {
            throw Input.Invalid("until: in the future.");
        }

        Announcement announcement = editors.Tables.Plans.Add(
            new Announcement(0, Input.Title(request.Title), Input.Text(request.Text, "text", Input.MaximumDocument), now, request.Until));
        editors.Published.Add(announcement);
        return (announcement, $"{announcement.Id} {announcement.Title}");
    });

    /// <summary>Takes news back.</summary>
    public static void Withdraw(this StatusDesk desk, string who, long id) => desk.Edit(who, "withdraw announcement", editors
        => editors.Tables.Plans.RemoveAnnouncement(id) ? (true, $"{id}") : throw new EditException(EditProblem.Missing, $"There is no announcement {id}."));

    /// <summary>Says something about a component; one that no watcher has reported yet is shown as not known.</summary>
    public static ComponentSettings Set(this StatusDesk desk, string who, string name, ComponentRequest request) => desk.Edit(who, "set component", editors =>
    {
        ComponentSettings? before = editors.Tables.Components.All().Find(settings => settings.Name == name);
        if (!ReportCheck.IsName(name) || name == Board.MonitoringName)
        {
            throw Input.Invalid($"name: 1 to {ReportCheck.MaximumName} printable characters, not '{Board.MonitoringName}'.");
        }

        if (before is null && editors.Tables.Components.All().Count >= ComponentTable.Maximum)
        {
            throw new EditException(EditProblem.Conflict, $"{ComponentTable.Maximum} components have settings, the most that may. Remove one.");
        }

        if (request.Objective is { } objective && objective is not (> 0 and < 1))
        {
            throw Input.Invalid("objective: a share between 0 and 1, such as 0.999.");
        }

        string description = request.Description ?? before?.Description ?? "";
        var settings = new ComponentSettings(
            name,
            description.Length == 0 ? "" : Input.Text(description, "description", MaximumDescription),
            request.Objective ?? before?.Objective,
            request.Position ?? before?.Position ?? 0);
        editors.Tables.Components.Keep(settings);
        return (settings, name);
    });

    /// <summary>Removes what was said about a component.</summary>
    public static void Unset(this StatusDesk desk, string who, string name) => desk.Edit(who, "remove component", editors
        => editors.Tables.Components.Remove(name) ? (true, name) : throw new EditException(EditProblem.Missing, $"There are no settings of '{name}'."));

    /// <summary>Ends a subscription.</summary>
    public static void RemoveSubscriber(this StatusDesk desk, string who, string id) => desk.Edit(who, "remove subscriber", editors =>
    {
        string address = editors.Tables.Subscribers.Find(id)?.Address ?? throw new EditException(EditProblem.Missing, $"There is no subscriber '{id}'.");
        editors.Tables.Subscribers.Remove(id);
        return (true, address);
    });
}
