using Holdfast.Status.Judgement;

namespace Holdfast.Status.Availability;

/// <summary>Uptime arithmetic over the changes of one component.</summary>
internal static class Uptime
{
    /// <summary>The last days, today included.</summary>
    /// <param name="changes">The component's changes, the oldest first. Before the first the state is unknown.</param>
    /// <param name="count">How many days.</param>
    /// <param name="now">Now: nothing is counted beyond it.</param>
    public static IReadOnlyList<Day> Days(IReadOnlyList<StateChange> changes, int count, DateTimeOffset now)
    {
        DateTime today = now.UtcDateTime.Date;
        DateTimeOffset start = new(today.AddDays(1 - count), TimeSpan.Zero);
        var times = new TimeSpan[count, Enum.GetValues<ComponentState>().Length];
        foreach ((ComponentState state, DateTimeOffset from, DateTimeOffset to) in Spans(changes, start, now))
        {
            for (DateTimeOffset at = from; at < to;)
            {
                int day = (at - start).Days;
                DateTimeOffset end = Earlier(to, start.AddDays(day + 1));
                times[day, (int)state] += end - at;
                at = end;
            }
        }

        return [.. Enumerable.Range(0, count).Select(day => new Day(
            DateOnly.FromDateTime(start.UtcDateTime.AddDays(day)),
            times[day, (int)ComponentState.Operational],
            times[day, (int)ComponentState.Degraded],
            times[day, (int)ComponentState.PartialOutage],
            times[day, (int)ComponentState.MajorOutage],
            times[day, (int)ComponentState.Unknown]))];
    }

    /// <summary>The share of the measured time in which it was not down; null when nobody looked.</summary>
    public static double? Share(IEnumerable<Day> days)
    {
        (TimeSpan measured, TimeSpan down) = Sum(days);
        return measured == TimeSpan.Zero ? null : 1 - (down / measured);
    }

    /// <summary>How much downtime the objective still allows; negative when it is missed.</summary>
    /// <param name="days">The days of the period, passed or not.</param>
    /// <param name="objective">The share that was promised, such as 0.999.</param>
    public static TimeSpan Budget(IReadOnlyCollection<Day> days, double objective)
        => (TimeSpan.FromDays(days.Count) * (1 - objective)) - Sum(days).Down;

    private static (TimeSpan Measured, TimeSpan Down) Sum(IEnumerable<Day> days)
        => days.Aggregate((Measured: TimeSpan.Zero, Down: TimeSpan.Zero), (sum, day) => (sum.Measured + day.Measured, sum.Down + day.Down));

    /// <summary>The stretches of one state each between two moments.</summary>
    /// <param name="changes">The changes, the oldest first. Before the first the state is unknown.</param>
    /// <param name="start">The first moment.</param>
    /// <param name="now">The last moment.</param>
    public static IEnumerable<(ComponentState State, DateTimeOffset From, DateTimeOffset To)> Spans(
        IReadOnlyList<StateChange> changes, DateTimeOffset start, DateTimeOffset now)
    {
        ComponentState state = ComponentState.Unknown;
        DateTimeOffset from = start;
        foreach (StateChange change in changes)
        {
            DateTimeOffset at = Earlier(change.At, now);
            if (at > from)
            {
                yield return (state, from, at);
                from = at;
            }

            state = change.State;
        }

        if (now > from)
        {
            yield return (state, from, now);
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
