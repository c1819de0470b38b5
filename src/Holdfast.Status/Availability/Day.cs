namespace Holdfast.Status.Availability;

/// <summary>How long a component was in which state on a day (UTC), as far as the day has passed.</summary>
/// <param name="Date">The day.</param>
/// <param name="Up">Operational.</param>
/// <param name="Slow">Degraded: it worked, too slowly; no downtime.</param>
/// <param name="Partial">Partial outage: downtime.</param>
/// <param name="Major">Major outage: downtime.</param>
/// <param name="Unknown">Nobody looked: neither uptime nor downtime.</param>
internal sealed record Day(DateOnly Date, TimeSpan Up, TimeSpan Slow, TimeSpan Partial, TimeSpan Major, TimeSpan Unknown)
{
    /// <summary>Downtime.</summary>
    public TimeSpan Down => Partial + Major;

    /// <summary>The time in which somebody looked.</summary>
    public TimeSpan Measured => Up + Slow + Partial + Major;
}
