using Holdfast.Status.Judgement;

namespace Holdfast.Status.Incidents;

/// <summary>What is wrong, in words for the public.</summary>
internal static class FaultWords
{
    private static readonly Dictionary<string, (string Failed, string Late)> Steps = new()
    {
        ["connect"] = ("devices cannot connect", "connecting is slow"),
        ["subscribe"] = ("subscriptions are not accepted", "subscribing is slow"),
        ["acknowledge"] = ("published messages are not acknowledged", "acknowledgements are slow"),
        ["deliver"] = ("messages are not delivered", "delivery is slow"),
        ["publish"] = ("events are not accepted", "accepting events is slow"),
        ["stream"] = ("event streams do not deliver", "event streams are slow"),
        ["certificate"] = ("the certificate is not valid", "the certificate expires soon"),
        ["command"] = ("commands are not answered", "commands are slow"),
        ["call"] = ("devices that are called do not answer", "calls of devices are slow"),
        ["webhook"] = ("webhooks do not come", "webhooks are late"),
        ["clock"] = ("clocks cannot be compared", "clocks are apart"),
        ["report"] = ("watchers are silent", "watchers report late"),
    };

    /// <summary>A few words for a title; the step that comes first in the path, and fails for most, names it.</summary>
    public static string Title(ComponentView component)
    {
        if (component.Name == Board.MonitoringName)
        {
            return component.State == ComponentState.MajorOutage ? "Monitoring: no watcher reports" : "Monitoring: watchers are silent";
        }

        Fault? first = component.Faults.OrderByDescending(fault => fault.Verdict).FirstOrDefault();
        return first is null ? $"{component.Name}: {Name(component.State)}" : $"{component.Name}: {Say(first.Step, first.Verdict)}";
    }

    /// <summary>A sentence or two about one component: its state, each step with its reason, the locations that see it.</summary>
    public static string Describe(ComponentView component)
    {
        if (component.Name == Board.MonitoringName)
        {
            string silent = string.Join(", ", component.Faults.Select(fault => $"{fault.Watcher} ({fault.Location})"));
            return component.State == ComponentState.MajorOutage
                ? $"No watcher reports, so the state of the other components is not known. Silent: {silent}."
                : $"Silent: {silent}. The others go on.";
        }

        IEnumerable<string> steps = component.Faults
            .GroupBy(fault => fault.Step)
            .Select(step => (Step: step.Key, Verdict: step.Max(fault => fault.Verdict), step.MaxBy(fault => fault.Verdict)!.Detail))
            .Select(step => $"{step.Step} ({Say(step.Step, step.Verdict)}{(step.Detail.Length > 0 ? $": {step.Detail}" : "")})");
        string locations = string.Join(", ", component.Faults.Select(fault => fault.Location).Distinct().Order(StringComparer.Ordinal));
        return $"{component.Name}: {Name(component.State)}. Steps that are not well: {string.Join("; ", steps)}. Seen from: {locations}.";
    }

    /// <summary>A state in words.</summary>
    public static string Name(ComponentState state) => state switch
    {
        ComponentState.Operational => "operational",
        ComponentState.Degraded => "slow",
        ComponentState.PartialOutage => "partial outage",
        ComponentState.MajorOutage => "major outage",
        _ => "not known",
    };

    private static string Say(string step, Verdict verdict)
        => Steps.TryGetValue(step, out (string Failed, string Late) words)
            ? verdict == Verdict.Failed ? words.Failed : words.Late
            : $"step {step} {(verdict == Verdict.Failed ? "fails" : "is slow")}";
}
