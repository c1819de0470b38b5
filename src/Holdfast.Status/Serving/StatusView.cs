using Holdfast.Status.Announcements;
using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Serving;

/// <summary>All that the page shows, as of a moment.</summary>
/// <param name="Board">What is known.</param>
/// <param name="Incidents">All incidents, the newest first.</param>
/// <param name="Changes">The changes of each component, the oldest first.</param>
/// <param name="Skews">How much the clock of each watcher is ahead of the page's.</param>
internal sealed record StatusView(
    Board Board,
    IReadOnlyList<Incident> Incidents,
    IReadOnlyDictionary<string, IReadOnlyList<StateChange>> Changes,
    IReadOnlyDictionary<string, TimeSpan> Skews)
{
    /// <summary>All maintenances, the one that starts first first.</summary>
    public IReadOnlyList<Maintenance> Maintenances { get; init; } = [];

    /// <summary>All announcements, the newest first.</summary>
    public IReadOnlyList<Announcement> Announcements { get; init; } = [];

    /// <summary>What the operator says about components.</summary>
    public IReadOnlyDictionary<string, ComponentSettings> Settings { get; init; } = new Dictionary<string, ComponentSettings>();

    /// <summary>The state that the page is headed with: the worst that is measured, without what is being worked on, or that a person says.</summary>
    public ComponentState Overall
    {
        get
        {
            ComponentState measured = (Board with { Components = [.. Board.Components.Where(component => !IsInMaintenance(component.Name))] }).Overall;
            ComponentState told = Incidents.Where(incident => incident is { IsOpen: true, IsAutomatic: false }).Select(incident => incident.Impact).DefaultIfEmpty().Max();
            return told.IsBad() && told > measured ? told : measured;
        }
    }

    /// <summary>Whether a component is being worked on, as planned.</summary>
    public bool IsInMaintenance(string component)
        => Maintenances.Any(maintenance => maintenance.Status == MaintenanceStatus.InProgress && maintenance.Components.Contains(component));

    /// <summary>The changes of a component, the oldest first.</summary>
    public IReadOnlyList<StateChange> ChangesOf(string component) => Changes.TryGetValue(component, out IReadOnlyList<StateChange>? known) ? known : [];

    /// <summary>The share of time that is promised for a component.</summary>
    public double ObjectiveOf(string component, double usual) => Settings.GetValueOrDefault(component)?.Objective ?? usual;
}
