using System.Text;
using Holdfast.Server.Bench.Suite;

namespace Holdfast.Server.Bench.Scale;

/// <summary>One line of the table of large amounts.</summary>
/// <param name="Subject">What was measured.</param>
/// <param name="Figure">Which figure of it.</param>
/// <param name="Value">The number.</param>
/// <param name="Text">The number as it is written.</param>
/// <param name="Goal">The goal in words; null without one.</param>
/// <param name="IsMet">Whether it is reached; null without one.</param>
internal sealed record ScaleLine(string Subject, string Figure, double Value, string Text, string? Goal, bool? IsMet)
{
    private static readonly Dictionary<string, double> NoOthers = [];

    /// <summary>Makes a line.</summary>
    /// <param name="subject">What was measured.</param>
    /// <param name="figure">Which figure of it.</param>
    /// <param name="value">The number.</param>
    /// <param name="format">How it is written.</param>
    /// <param name="goal">What it is held against.</param>
    public static ScaleLine Of(string subject, string figure, double value, Func<double, string> format, SuiteGoal? goal = null)
        => new(subject, figure, value, format(value), goal?.Describe(format), goal?.IsMet(value, NoOthers));

    /// <summary>The table in Markdown.</summary>
    /// <param name="lines">The lines.</param>
    public static string Format(IReadOnlyList<ScaleLine> lines)
    {
        var text = new StringBuilder("| what | figure | Holdfast | goal |\n|---|---|---|---|\n");
        string last = "";
        foreach (ScaleLine line in lines)
        {
            string goal = line.Goal is null ? "" : $"{line.Goal}: {(line.IsMet == true ? "met" : "**not met**")}";
            text.Append($"| {(line.Subject == last ? "" : line.Subject)} | {line.Figure} | {line.Text} | {goal} |\n");
            last = line.Subject;
        }

        return text.ToString().TrimEnd();
    }
}

/// <summary>Everything that a run of large amounts measured.</summary>
/// <param name="StartedAt">When it began.</param>
/// <param name="Lines">The table.</param>
internal sealed record ScaleResult(DateTimeOffset StartedAt, IReadOnlyList<ScaleLine> Lines);
