using Holdfast.Status.Judgement;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Page;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Availability;

/// <summary>A component in a month (UTC), as far as the month has passed.</summary>
/// <param name="Component">The component.</param>
/// <param name="Objective">The share of time that is promised.</param>
/// <param name="Length">How long the month is so far.</param>
/// <param name="Unknown">Nobody looked.</param>
/// <param name="Slow">It worked, too slowly.</param>
/// <param name="Down">Downtime, planned or not.</param>
/// <param name="Planned">The part of it that was announced in time as maintenance, which is not held against the objective.</param>
/// <param name="Credit">Percent that are owed.</param>
internal sealed record MonthLine(string Component, double Objective, TimeSpan Length, TimeSpan Unknown, TimeSpan Slow, TimeSpan Down, TimeSpan Planned, double Credit)
{
    /// <summary>The share of the month that was no unplanned downtime.</summary>
    public double Share => Length == TimeSpan.Zero ? 1 : 1 - ((Down - Planned) / Length);

    /// <summary>Whether it was as promised.</summary>
    public bool IsKept => Share >= Objective;
}

/// <summary>What was promised and what was measured, month by month.</summary>
internal static class MonthlyReport
{
    /// <summary>The months of which something is known, the newest first, each by its first day.</summary>
    public static IReadOnlyList<DateOnly> Months(StatusView view)
    {
        DateTimeOffset? first = view.Changes.Values.SelectMany(changes => changes.Take(1)).Min(change => (DateTimeOffset?)change.At);
        var months = new List<DateOnly>();
        if (first is { } start)
        {
            DateOnly oldest = new(start.UtcDateTime.Year, start.UtcDateTime.Month, 1);
            for (DateOnly month = new(view.Board.At.UtcDateTime.Year, view.Board.At.UtcDateTime.Month, 1); month >= oldest; month = month.AddMonths(-1))
            {
                months.Add(month);
            }
        }

        return months;
    }

    /// <summary>All components in a month.</summary>
    public static IReadOnlyList<MonthLine> Make(DateOnly month, StatusView view, PageOptions options)
        => [.. view.Board.Components.Select(component => Make(component.Name, month, view, options))];

    private static MonthLine Make(string component, DateOnly month, StatusView view, PageOptions options)
    {
        DateTimeOffset start = new(month.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        DateTimeOffset end = start.AddMonths(1) < view.Board.At ? start.AddMonths(1) : view.Board.At;
        IReadOnlyList<(DateTimeOffset From, DateTimeOffset To)> planned = Planned(component, view, options);
        TimeSpan unknown = default, slow = default, down = default, excused = default;
        foreach ((ComponentState state, DateTimeOffset from, DateTimeOffset to) in Uptime.Spans(view.ChangesOf(component), start, end))
        {
            switch (state)
            {
                case ComponentState.Unknown: unknown += to - from; break;
                case ComponentState.Degraded: slow += to - from; break;
                case ComponentState.PartialOutage or ComponentState.MajorOutage:
                    down += to - from;
                    excused += planned.Select(span => Overlap(from, to, span.From, span.To)).Aggregate(TimeSpan.Zero, (sum, part) => sum + part);
                    break;
            }
        }

        var line = new MonthLine(component, view.ObjectiveOf(component, options.Objective), end - start, unknown, slow, down, excused, 0);
        return line with { Credit = options.Credits.Where(rule => line.Share < rule.Below).Select(rule => rule.Percent).DefaultIfEmpty().Max() };
    }

    // Only what was announced early enough is excused; spans that touch are one, so that nothing is excused twice.
    private static List<(DateTimeOffset From, DateTimeOffset To)> Planned(string component, StatusView view, PageOptions options)
    {
        var spans = new List<(DateTimeOffset From, DateTimeOffset To)>();
        foreach (Maintenance maintenance in view.Maintenances
            .Where(maintenance => maintenance.Status is MaintenanceStatus.InProgress or MaintenanceStatus.Completed
                && maintenance.Components.Contains(component) && maintenance.Updates[0].At <= maintenance.StartsAt - TimeSpan.FromHours(options.MaintenanceNoticeHours))
            .OrderBy(maintenance => maintenance.StartsAt))
        {
            if (spans.Count > 0 && maintenance.StartsAt <= spans[^1].To)
            {
                spans[^1] = (spans[^1].From, maintenance.EndsAt > spans[^1].To ? maintenance.EndsAt : spans[^1].To);
            }
            else
            {
                spans.Add((maintenance.StartsAt, maintenance.EndsAt));
            }
        }

        return spans;
    }

    private static TimeSpan Overlap(DateTimeOffset from, DateTimeOffset to, DateTimeOffset start, DateTimeOffset end)
    {
        DateTimeOffset first = from > start ? from : start;
        DateTimeOffset last = to < end ? to : end;
        return last > first ? last - first : TimeSpan.Zero;
    }
}
