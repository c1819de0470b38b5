using System.Globalization;
using Holdfast.Status.Judgement;

namespace Holdfast.Status.Reports;

/// <summary>What a report may be. A token may be stolen: then it speaks for one watcher, within these bounds, and no further.</summary>
internal static class ReportCheck
{
    /// <summary>The largest body.</summary>
    public const int MaximumBytes = 512 * 1024;

    /// <summary>Rounds in one report.</summary>
    public const int MaximumRounds = 100;

    /// <summary>Observations in one round.</summary>
    public const int MaximumObservations = 100;

    /// <summary>Characters of a name.</summary>
    public const int MaximumName = 60;

    /// <summary>Characters of a detail.</summary>
    public const int MaximumDetail = 200;

    /// <summary>Older rounds are not taken.</summary>
    public static readonly TimeSpan MaximumAge = TimeSpan.FromHours(24);

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);

    /// <summary>What is wrong with a report, or null.</summary>
    public static string? Problem(Report report)
    {
        if (!IsName(report.Stream))
        {
            return $"stream: 1 to {MaximumName} printable characters.";
        }

        if (report.Interval < ShortestInterval.TotalMilliseconds || report.Interval > LongestInterval.TotalMilliseconds)
        {
            return "interval: from 100 to 3,600,000 milliseconds.";
        }

        if (report.Rounds.Count is 0 or > MaximumRounds)
        {
            return $"rounds: 1 to {MaximumRounds}.";
        }

        return report.Rounds.Select((round, index) => Problem(round, report.SentAt) is { } problem ? $"rounds[{index}].{problem}" : null).FirstOrDefault(problem => problem is not null);
    }

    /// <summary>Reads a verdict.</summary>
    public static Verdict? Verdict(string text) => text switch
    {
        "ok" => Judgement.Verdict.Ok,
        "late" => Judgement.Verdict.Late,
        "failed" => Judgement.Verdict.Failed,
        _ => null,
    };

    /// <summary>Whether a text may be a name: short, printable, without white space at its ends, and without what turns the direction of what stands beside it.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= MaximumName && IsPlain(text) && text.Trim().Length == text.Length;

    private static bool IsPlain(string text) => !text.Any(character => char.GetUnicodeCategory(character)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static string? Problem(ReportedRound round, long sentAt)
    {
        if (round.At > sentAt || sentAt - round.At > MaximumAge.TotalMilliseconds)
        {
            return $"at: not after sentAt, and at most {MaximumAge.TotalHours} hours before it.";
        }

        if (round.Observations.Count is 0 or > MaximumObservations)
        {
            return $"observations: 1 to {MaximumObservations}.";
        }

        return round.Observations.Select(Problem).FirstOrDefault(problem => problem is not null);
    }

    private static string? Problem(ReportedObservation observation)
        => !IsName(observation.Component) || observation.Component == Board.MonitoringName ? $"component: 1 to {MaximumName} printable characters, not '{Board.MonitoringName}'."
        : !IsName(observation.Step) ? $"step: 1 to {MaximumName} printable characters."
        : Verdict(observation.Verdict) is null ? "verdict: ok, late or failed."
        : observation.Milliseconds is not (>= 0 and <= 3_600_000) ? "milliseconds: from 0 to 3,600,000."
        : observation.Detail is { } detail && (detail.Length > MaximumDetail || !IsPlain(detail)) ? $"detail: at most {MaximumDetail} printable characters."
        : null;
}
