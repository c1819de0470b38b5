using System.Text;
using Holdfast.Status.Judgement;
using Holdfast.Status.Managing;

namespace Holdfast.Status.Incidents;

/// <summary>What a postmortem begins with: all that was measured, and places for what only people know.</summary>
internal static class PostmortemTemplate
{
    /// <summary>Makes one.</summary>
    /// <param name="incident">The incident.</param>
    /// <param name="changes">The changes of each component, the oldest first.</param>
    /// <param name="custody">What the cloud says of the events of that time, a Markdown list; empty when it says nothing.</param>
    /// <param name="now">Now.</param>
    public static string Make(Incident incident, IReadOnlyDictionary<string, IReadOnlyList<StateChange>> changes, string custody, DateTimeOffset now)
    {
        DateTimeOffset end = incident.ResolvedAt ?? now;
        var text = new StringBuilder();
        text.Append(Words.Culture, $"""
            ## Summary
            {IncidentEditor.Unwritten}

            ## Impact
            - From {Stamp(incident.StartedAt)} to {(incident.IsOpen ? "now" : Stamp(end))}: {Words.Duration(end - incident.StartedAt)}.
            - {(incident.IsAutomatic ? "Detected automatically" : "Reported by a person")}; the first update was published {Words.Duration(FirstSaid(incident) - incident.StartedAt)} after the first measurement that showed it.

            """);
        foreach (string component in incident.Components)
        {
            text.Append(Words.Culture, $"- {Escape(component)}: {Measured(changes.GetValueOrDefault(component) ?? [], incident.StartedAt, end)}\n");
        }

        if (custody.Length > 0)
        {
            text.Append(Words.Culture, $"\n## Custody of events\n{custody.TrimEnd()}\n");
        }

        text.Append("\n## Timeline\n\n| UTC | what |\n|---|---|\n");
        foreach ((DateTimeOffset at, string what) in Timeline(incident, changes, end))
        {
            text.Append(Words.Culture, $"| {Stamp(at)} | {what} |\n");
        }

        text.Append(Words.Culture, $"\n## Cause\n{IncidentEditor.Unwritten}\n\n## What we change\n{IncidentEditor.Unwritten}\n");
        return text.ToString();
    }

    private static DateTimeOffset FirstSaid(Incident incident) => incident.Updates.Count > 0 ? incident.Updates[0].At : incident.StartedAt;

    private static IEnumerable<(DateTimeOffset At, string What)> Timeline(Incident incident, IReadOnlyDictionary<string, IReadOnlyList<StateChange>> changes, DateTimeOffset end)
    {
        IEnumerable<(DateTimeOffset, string)> measured = incident.Components
            .SelectMany(component => changes.GetValueOrDefault(component) ?? [])
            .Where(change => change.At >= incident.StartedAt && change.At <= end)
            .Select(change => (change.At, $"measured: {Escape(change.Component)} {FaultWords.Name(change.State)}"));
        IEnumerable<(DateTimeOffset, string)> said = incident.Updates
            .Where(update => update.Status < IncidentStatus.Postmortem)
            .Select(update => (update.At, $"{update.Status.ToString().ToLowerInvariant()}: {Escape(update.Text)}"));
        return measured.Concat(said).OrderBy(line => line.Item1);
    }

    private static string Measured(IReadOnlyList<StateChange> changes, DateTimeOffset start, DateTimeOffset end)
    {
        var times = new SortedDictionary<ComponentState, TimeSpan>();
        for (int index = 0; index < changes.Count; index++)
        {
            DateTimeOffset from = changes[index].At > start ? changes[index].At : start;
            DateTimeOffset to = index + 1 < changes.Count && changes[index + 1].At < end ? changes[index + 1].At : end;
            if (to > from)
            {
                times[changes[index].State] = times.GetValueOrDefault(changes[index].State) + (to - from);
            }
        }

        return times.Count == 0 ? "not measured." : string.Join(", ", times.Reverse().Select(state => $"{FaultWords.Name(state.Key)} for {Words.Duration(state.Value)}")) + ".";
    }

    private static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", Words.Culture);

    /// <summary>What others report must stay text in Markdown too.</summary>
    public static string Escape(string text)
        => string.Concat(text.ReplaceLineEndings("; ").Select(character => char.IsAsciiLetterOrDigit(character) || character is ' ' or ',' or '.' or ':' or ';' || !char.IsAscii(character) ? $"{character}" : $"\\{character}"));
}
