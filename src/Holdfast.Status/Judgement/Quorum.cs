namespace Holdfast.Status.Judgement;

/// <summary>What one watcher that can be heard stands for.</summary>
internal readonly record struct Ballot(string Location, Verdict Verdict);

/// <summary>
/// A component's state from what its watchers stand for. One watcher among several decides nothing: it takes more than half of all, or more than half of
/// a location that has at least two.
/// </summary>
internal static class Quorum
{
    private const int WatchersThatSpeakForALocation = 2;

    /// <summary>The state; unknown without a ballot.</summary>
    public static ComponentState Judge(IReadOnlyCollection<Ballot> ballots)
    {
        if (ballots.Count == 0)
        {
            return ComponentState.Unknown;
        }

        if (Most(ballots, Verdict.Failed))
        {
            return ComponentState.MajorOutage;
        }

        if (SomeLocation(ballots, Verdict.Failed))
        {
            return ComponentState.PartialOutage;
        }

        return Most(ballots, Verdict.Late) || SomeLocation(ballots, Verdict.Late) ? ComponentState.Degraded : ComponentState.Operational;
    }

    private static bool Most(IReadOnlyCollection<Ballot> ballots, Verdict atLeast) => ballots.Count(ballot => ballot.Verdict >= atLeast) * 2 > ballots.Count;

    private static bool SomeLocation(IEnumerable<Ballot> ballots, Verdict atLeast)
        => ballots.GroupBy(ballot => ballot.Location).Any(location => location.Count() >= WatchersThatSpeakForALocation && Most([.. location], atLeast));
}
