using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;

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
    public static string Headline(Board board) => board switch
    {
        { Monitoring.State: ComponentState.MajorOutage } => "We cannot see: no watcher reports",
        { Components.Count: 0 } => "Nothing has been measured yet",
        { Overall: ComponentState.MajorOutage } => "Major outage",
        { Overall: ComponentState.PartialOutage } => "Partial outage",
        { Overall: ComponentState.Degraded } => "Something is slow",
        { Overall: ComponentState.Unknown } => "The state of some components is not known",
        { Monitoring.State: ComponentState.PartialOutage } => "All systems work, as far as we see; some watchers are silent",
        _ => "All systems work",
    };

    /// <summary>The state that the top of the page is painted in.</summary>
    public static ComponentState Shown(Board board)
        => board.Monitoring.State == ComponentState.MajorOutage ? ComponentState.Unknown : board.Overall;
}
