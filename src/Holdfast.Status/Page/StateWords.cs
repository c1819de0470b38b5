using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>States as the page says and paints them.</summary>
internal static class StateWords
{
    /// <summary>The class of the style sheet.</summary>
    public static string Class(ComponentState state) => state switch
    {
        ComponentState.Operational => "operational",
        ComponentState.Degraded => "degraded",
        ComponentState.PartialOutage => "partial",
        ComponentState.MajorOutage => "major",
        _ => "unknown",
    };

    /// <summary>A state as a label.</summary>
    public static string Label(ComponentState state)
    {
        string name = FaultWords.Name(state);
        return char.ToUpperInvariant(name[0]) + name[1..];
    }

    /// <summary>The sentence at the top of the page.</summary>
    public static string Headline(StatusView view) => view switch
    {
        { Board.Monitoring.State: ComponentState.MajorOutage } => "We cannot see: no watcher reports",
        { Overall: ComponentState.MajorOutage } => "Major outage",
        { Overall: ComponentState.PartialOutage } => "Partial outage",
        { Overall: ComponentState.Degraded } => "Something does not work as it should",
        _ when IsMaintenance(view) => "Maintenance, as planned",
        { Board.Components.Count: 0 } => "Nothing has been measured yet",
        { Overall: ComponentState.Unknown } => "The state of some components is not known",
        { Board.Monitoring.State: ComponentState.PartialOutage } => "All systems work, as far as we see; some watchers are silent",
        _ => "All systems work",
    };

    /// <summary>Whether the worst that is to say is that something is being worked on.</summary>
    public static bool IsMaintenance(StatusView view)
        => view.Board.Monitoring.State != ComponentState.MajorOutage && !view.Overall.IsBad() && view.Maintenances.Any(maintenance => maintenance.Status == MaintenanceStatus.InProgress);

    /// <summary>The state that the top of the page is painted in.</summary>
    public static ComponentState Shown(StatusView view)
        => view.Board.Monitoring.State == ComponentState.MajorOutage ? ComponentState.Unknown
        : IsMaintenance(view) ? ComponentState.Operational
        : view.Overall;

    /// <summary>The class that the top of the page is painted in.</summary>
    public static string ShownClass(StatusView view) => IsMaintenance(view) ? "maintenance" : Class(Shown(view));
}
