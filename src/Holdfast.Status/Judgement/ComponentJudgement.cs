namespace Holdfast.Status.Judgement;

/// <summary>One component: the votes on it, and what follows from them.</summary>
internal sealed class ComponentJudgement(string name, JudgementOptions options)
{
    private readonly Dictionary<string, Vote> _votes = [];

    /// <summary>Its state.</summary>
    public ComponentState State { get; private set; }

    /// <summary>Since when.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>When anybody last looked.</summary>
    public DateTimeOffset LastAt { get; private set; }

    /// <summary>Continues where an earlier process ended.</summary>
    /// <param name="change">The last change.</param>
    /// <param name="now">Now: silence is counted from here.</param>
    public void Restore(StateChange change, DateTimeOffset now)
    {
        State = change.State;
        Since = change.At;
        LastAt = now;
    }

    /// <summary>Takes a round into account.</summary>
    /// <param name="round">The round.</param>
    /// <param name="observations">Those of this component.</param>
    /// <param name="now">Now.</param>
    /// <returns>The change, or null.</returns>
    public StateChange? Take(Round round, IReadOnlyList<Observation> observations, DateTimeOffset now)
    {
        if (!_votes.TryGetValue(round.Watcher, out Vote? vote))
        {
            _votes.Add(round.Watcher, vote = new Vote(options, isCautious: State.IsBad()));
        }

        bool turned = vote.Take(round, observations);
        LastAt = Later(LastAt, round.At);
        ComponentState next = Quorum.Judge(Ballots(now));

        // A watcher that has just begun to look makes nothing unknown that was known.
        return next == ComponentState.Unknown ? null : Turn(next, turned ? vote.Since : now);
    }

    /// <summary>Judges anew as time goes by: who is silent has no vote.</summary>
    /// <param name="now">Now.</param>
    /// <param name="silenceLimit">How long nobody may look before the state is unknown, where no vote says it.</param>
    /// <returns>The change, or null.</returns>
    public StateChange? Tick(DateTimeOffset now, TimeSpan silenceLimit)
    {
        ComponentState next = Quorum.Judge(Ballots(now));
        if (next != ComponentState.Unknown)
        {
            return Turn(next, now);
        }

        bool isSilent = _votes.Values.All(vote => vote.FreshUntil < now) && (_votes.Count > 0 || LastAt + silenceLimit < now);
        return isSilent ? Turn(ComponentState.Unknown, LastAt) : null;
    }

    /// <summary>Forgets a watcher.</summary>
    public void Remove(string watcher) => _votes.Remove(watcher);

    /// <summary>The component at a moment.</summary>
    public ComponentView View(DateTimeOffset now) => new(
        name,
        State,
        Since,
        [.. Ballots(now).GroupBy(ballot => ballot.Location).OrderBy(group => group.Key, StringComparer.Ordinal).Select(SeenFrom)],
        State.IsBad() ? [.. _votes.Where(vote => vote.Value.FreshUntil >= now && vote.Value.Standing > Verdict.Ok).SelectMany(Faults)] : []);

    private static LocationView SeenFrom(IGrouping<string, Ballot> location) => new(location.Key, Quorum.Judge([.. location]), location.Count());

    private static IEnumerable<Fault> Faults(KeyValuePair<string, Vote> vote)
        => vote.Value.Faults.Select(fault => new Fault(vote.Key, vote.Value.Location, fault.Step, fault.Verdict, fault.Detail));

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private List<Ballot> Ballots(DateTimeOffset now)
        => [.. _votes.Values.Where(vote => vote.Standing is not null && vote.FreshUntil >= now).Select(vote => new Ballot(vote.Location, vote.Standing!.Value))];

    private StateChange? Turn(ComponentState next, DateTimeOffset at)
    {
        if (next == State)
        {
            return null;
        }

        // History is not rewritten: a state begins after the one before it.
        State = next;
        Since = Later(at, Since);
        return new StateChange(name, Since, next);
    }
}
