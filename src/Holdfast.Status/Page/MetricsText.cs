using System.Text;
using Holdfast.Status.Judgement;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>What the page knows, in Prometheus' text format.</summary>
internal static class MetricsText
{
    /// <summary>Writes the metrics.</summary>
    public static string Draw(StatusView view)
    {
        var text = new StringBuilder();
        Head(text, "holdfast_status_component_state", "0 not known, 1 operational, 2 slow, 3 partial outage, 4 major outage.");
        foreach (ComponentView component in view.Board.Components.Append(view.Board.Monitoring))
        {
            text.Append(Words.Culture, $"holdfast_status_component_state{{component=\"{Escape(component.Name)}\"}} {(int)component.State}\n");
        }

        Head(text, "holdfast_status_component_maintenance", "1 while a component is being worked on as planned.");
        foreach (ComponentView component in view.Board.Components)
        {
            text.Append(Words.Culture, $"holdfast_status_component_maintenance{{component=\"{Escape(component.Name)}\"}} {(view.IsInMaintenance(component.Name) ? 1 : 0)}\n");
        }

        Head(text, "holdfast_status_watcher_silent", "1 while a watcher should have reported and has not.");
        foreach (WatcherView watcher in view.Board.Watchers)
        {
            text.Append(Words.Culture, $"holdfast_status_watcher_silent{{watcher=\"{Escape(watcher.Name)}\",location=\"{Escape(watcher.Location)}\"}} {(watcher.IsSilent ? 1 : 0)}\n");
        }

        Head(text, "holdfast_status_open_incidents", "Incidents that are not over.");
        text.Append(Words.Culture, $"holdfast_status_open_incidents {view.Incidents.Count(incident => incident.IsOpen)}\n");
        Head(text, "holdfast_status_measurement_age_seconds", "The age of the newest measurement; absent when there is none.");
        return view.Board.NewestAt is { } newest
            ? text.Append(Words.Culture, $"holdfast_status_measurement_age_seconds {Math.Max(0, (view.Board.At - newest).TotalSeconds):0.###}\n").ToString()
            : text.ToString();
    }

    private static void Head(StringBuilder text, string name, string help) => text.Append(Words.Culture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");

    private static string Escape(string label) => label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
