namespace Holdfast.Server.Drill.Faults;

/// <summary>A fault that will be made.</summary>
/// <param name="Kind">What.</param>
/// <param name="Target">A number that chooses the node, the partition, the standby or the zone.</param>
/// <param name="Hold">How long it lasts.</param>
/// <param name="Parts">Of <see cref="FaultKind.Several"/>: what is done at once.</param>
internal sealed record PlannedFault(FaultKind Kind, int Target, TimeSpan Hold, IReadOnlyList<PlannedFault> Parts);

/// <summary>Draws the faults of a drill from a seed: the same seed, number and kinds give the same faults.</summary>
internal static class FaultPlan
{
    private const double ShortestHoldSeconds = 2;
    private const double LongestHoldSeconds = 8;
    private const int PartsAtOnce = 2;

    /// <summary>Draws a plan in which the kinds come in random order, but none a second time before all others.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="count">How many faults.</param>
    /// <param name="kinds">Of which kinds; not empty.</param>
    /// <param name="parts">Of which kinds the parts of <see cref="FaultKind.Several"/> may be.</param>
    public static IReadOnlyList<PlannedFault> Draw(int seed, int count, IReadOnlyList<FaultKind> kinds, IReadOnlyList<FaultKind> parts)
    {
        var random = new Random(seed);
        var plan = new List<PlannedFault>();
        while (plan.Count < count)
        {
            FaultKind[] round = [.. kinds];
            random.Shuffle(round);
            plan.AddRange(round.Take(count - plan.Count).Select(kind => Draw(random, kind, parts)));
        }

        return plan;
    }

    private static PlannedFault Draw(Random random, FaultKind kind, IReadOnlyList<FaultKind> possible)
    {
        int target = random.Next();
        var hold = TimeSpan.FromSeconds(ShortestHoldSeconds + (random.NextDouble() * (LongestHoldSeconds - ShortestHoldSeconds)));
        if (kind != FaultKind.Several)
        {
            return new PlannedFault(kind, target, hold, []);
        }

        // A rolling restart takes its own time, a dead zone leaves little to break besides, and late appends need a database that is there.
        FaultKind[] parts = [.. possible.Where(part => part is not (FaultKind.Several or FaultKind.RollingRestart or FaultKind.ZoneDeath or FaultKind.LateAppend))];
        random.Shuffle(parts);
        return new PlannedFault(kind, target, hold, [.. parts.Take(PartsAtOnce).Select(part => Draw(random, part, possible) with { Hold = hold })]);
    }
}
