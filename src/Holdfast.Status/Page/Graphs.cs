using System.Globalization;
using System.Text;
using Holdfast.Status.Availability;
using Holdfast.Status.Judgement;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Page;

/// <summary>Pictures as inline SVG; what they show is said in words as well.</summary>
internal static class Graphs
{
    private const int Height = 60;

    private static readonly TimeSpan NoticedGap = TimeSpan.FromMinutes(1);

    /// <summary>A bar for each day. Those of which there is nothing to say are drawn together: they are most of them, and the page is fetched often.</summary>
    public static Html Bars(IReadOnlyList<Day> days, string label) => Html.Of(
        $"<svg class=\"bars\" viewBox=\"0 0 {days.Count * 5 - 1} 20\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\">{Plain(days, ComponentState.Unknown)}{Plain(days, ComponentState.Operational)}{days.Select((day, index) => IsPlain(day) ? Html.None : Bar(day, index))}</svg>");

    /// <summary>A line of mean durations, with a mark where measurements failed.</summary>
    /// <param name="points">The stretches, the oldest first.</param>
    /// <param name="length">The length of a stretch.</param>
    /// <param name="now">The right edge.</param>
    /// <param name="span">From the left edge to the right one.</param>
    /// <param name="label">What it shows, in words.</param>
    public static Html Line(IReadOnlyList<Rollup> points, TimeSpan length, DateTimeOffset now, TimeSpan span, string label)
    {
        double count = span / length;
        double top = Math.Max(1, points.Where(HasDuration).Select(point => point.MeanMilliseconds).DefaultIfEmpty().Max()) * 1.1;
        double X(Rollup point) => Math.Max(0, count - ((now - point.Start) / length));
        IEnumerable<Html> failures = points.Where(point => point.Failed > 0)
            .Select(point => Html.Of($"<rect x=\"{X(point):0.##}\" y=\"0\" width=\"1\" height=\"{Height}\"/>"));

        // A stretch without a measurement interrupts the line: nothing is drawn where nothing is known.
        var lines = new List<Html>();
        var line = new StringBuilder();
        Rollup? last = null;
        foreach (Rollup point in points.Where(HasDuration))
        {
            if (last is not null && point.Start - last.Start > length * 1.5)
            {
                lines.Add(Polyline(line));
            }

            line.Append(CultureInfo.InvariantCulture, $"{X(point):0.##},{Height - (point.MeanMilliseconds / top * Height):0.##} ");
            last = point;
        }

        lines.Add(Polyline(line));
        return Html.Of(
            $"<svg class=\"graph\" viewBox=\"0 0 {count:0} {Height}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\">{failures}{lines}</svg>");
    }

    private static bool HasDuration(Rollup point) => point.Count > point.Failed;

    private static Html Polyline(StringBuilder line)
    {
        string points = line.ToString().TrimEnd();
        line.Clear();
        return points.Length == 0 ? Html.None : Html.Of($"<polyline points=\"{points}\"/>");
    }

    private static bool IsPlain(Day day) => day.Measured == TimeSpan.Zero || (Worst(day) == ComponentState.Operational && day.Unknown <= NoticedGap);

    private static Html Plain(IReadOnlyList<Day> days, ComponentState state)
    {
        string bars = string.Concat(days.Select((day, index) => IsPlain(day) && Worst(day) == state ? string.Create(CultureInfo.InvariantCulture, $"M{index * 5} 0h4v20h-4z") : ""));
        return bars.Length == 0 ? Html.None : Html.Of($"<path class=\"{StateWords.Class(state)}\" d=\"{bars}\"/>");
    }

    private static Html Bar(Day day, int index)
    {
        string words = day.Down > TimeSpan.Zero ? $"down for {Words.Duration(day.Down)}"
            : day.Slow > TimeSpan.Zero ? $"slow for {Words.Duration(day.Slow)}"
            : "no downtime";
        string unseen = day.Unknown > NoticedGap && day.Measured > TimeSpan.Zero ? $", not measured for {Words.Duration(day.Unknown)}" : "";
        return Html.Of($"<rect class=\"{StateWords.Class(Worst(day))}\" x=\"{index * 5}\" y=\"0\" width=\"4\" height=\"20\" rx=\"1\"><title>{day.Date:yyyy-MM-dd}: {words}{unseen}</title></rect>");
    }

    private static ComponentState Worst(Day day)
        => day.Measured == TimeSpan.Zero ? ComponentState.Unknown
        : day.Major > TimeSpan.Zero ? ComponentState.MajorOutage
        : day.Down > TimeSpan.Zero ? ComponentState.PartialOutage
        : day.Slow > TimeSpan.Zero ? ComponentState.Degraded
        : ComponentState.Operational;
}
