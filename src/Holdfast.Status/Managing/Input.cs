using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;

namespace Holdfast.Status.Managing;

/// <summary>Reads what people send. Every refusal names the field.</summary>
internal static class Input
{
    /// <summary>Characters of a title.</summary>
    public const int MaximumTitle = 150;

    /// <summary>Characters of an update.</summary>
    public const int MaximumUpdate = 5000;

    /// <summary>Characters of an announcement or a postmortem.</summary>
    public const int MaximumDocument = 100_000;

    /// <summary>Reads a title: one line.</summary>
    public static string Title(string? text, string field = "title")
    {
        string title = (text ?? "").Trim();
        return title.Length is > 0 and <= MaximumTitle && !title.Any(char.IsControl) ? title : throw Invalid($"{field}: one line of 1 to {MaximumTitle} characters.");
    }

    /// <summary>Reads a text of several lines.</summary>
    public static string Text(string? text, string field, int maximum = MaximumUpdate)
    {
        string clean = (text ?? "").ReplaceLineEndings("\n").Trim();
        return clean.Length > 0 && clean.Length <= maximum && !clean.Any(character => char.IsControl(character) && character is not ('\n' or '\t'))
            ? clean
            : throw Invalid($"{field}: 1 to {maximum} characters.");
    }

    /// <summary>Reads the names of components; at least one, all of them known.</summary>
    public static IReadOnlyList<string> Components(IReadOnlyList<string>? names, IReadOnlyCollection<string> known)
    {
        string[] components = [.. (names ?? []).Select(name => name.Trim()).Where(name => name.Length > 0).Distinct()];
        if (components.Length == 0)
        {
            throw Invalid($"components: at least one of {Listed(known)}.");
        }

        return components.FirstOrDefault(name => !known.Contains(name)) is { } stranger
            ? throw Invalid($"components: there is no '{stranger}'; there are {Listed(known)}. A watcher's report or 'component set' makes one.")
            : components;
    }

    /// <summary>Reads a status of an incident that is not over.</summary>
    public static IncidentStatus? Status(string? text) => text switch
    {
        null or "" => null,
        "investigating" => IncidentStatus.Investigating,
        "identified" => IncidentStatus.Identified,
        "monitoring" => IncidentStatus.Monitoring,
        "resolved" => IncidentStatus.Resolved,
        _ => throw Invalid("status: investigating, identified, monitoring or resolved."),
    };

    /// <summary>Reads an impact.</summary>
    public static ComponentState? Impact(string? text) => text switch
    {
        null or "" => null,
        "none" => ComponentState.Operational,
        "minor" => ComponentState.Degraded,
        "major" => ComponentState.PartialOutage,
        "critical" => ComponentState.MajorOutage,
        _ => throw Invalid("impact: none, minor, major or critical."),
    };

    /// <summary>A refusal of what makes no sense.</summary>
    public static EditException Invalid(string message) => new(EditProblem.Invalid, message);

    private static string Listed(IReadOnlyCollection<string> known) => known.Count == 0 ? "none so far" : string.Join(", ", known.Order(StringComparer.Ordinal).Select(name => $"'{name}'"));
}
