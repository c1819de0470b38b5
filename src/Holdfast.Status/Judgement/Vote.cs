namespace Holdfast.Status.Judgement;

/// <summary>
/// What one watcher stands for about one component. It turns only when several rounds agree, so that one lost packet is no news, and it turns
/// back more slowly than it turned.
/// </summary>
/// <param name="options">How much evidence it needs.</param>
/// <param name="isCautious">Whether even the first good vote needs as many rounds as a recovery: the component is in an incident.</param>
internal sealed class Vote(JudgementOptions options, bool isCautious)
{
    private readonly List<(DateTimeOffset At, Verdict Verdict)> _window = [];

    /// <summary>What it stands for; null while it has seen too little.</summary>
    public Verdict? Standing { get; private set; }

    /// <summary>When the rounds began that turned it to <see cref="Standing"/>.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>The location of its watcher.</summary>
    public string Location { get; private set; } = "";

    /// <summary>The last round's time.</summary>
    public DateTimeOffset LastAt { get; private set; }

    /// <summary>When it goes stale without another round.</summary>
    public DateTimeOffset FreshUntil { get; private set; }

    /// <summary>The steps that were not well when it last saw any that were not.</summary>
    public IReadOnlyList<Observation> Faults { get; private set; } = [];

    /// <summary>Takes a round into account.</summary>
    /// <param name="round">The round.</param>
    /// <param name="observations">Those of the component; at least one.</param>
    /// <returns>Whether it turned.</returns>
    public bool Take(Round round, IReadOnlyList<Observation> observations)
    {
        Verdict worst = observations.Max(observation => observation.Verdict);
        Location = round.Location;
        LastAt = round.At;
        FreshUntil = round.At + options.SilenceLimit(round.Interval);
        if (worst != Verdict.Ok)
        {
            Faults = [.. observations.Where(observation => observation.Verdict != Verdict.Ok)];
        }

        if (_window.Count == JudgementOptions.WindowRounds)
        {
            _window.RemoveAt(0);
        }

        _window.Add((round.At, worst));
        Verdict? next = Next();
        if (next == Standing)
        {
            return false;
        }

        Standing = next;
        Since = StartOf(next!.Value);
        return true;
    }

    private Verdict? Next()
    {
        if (InTurn(verdict => verdict == Verdict.Failed) >= options.FailuresInTurn
            || (InTurn(verdict => verdict == Verdict.Failed) > 0 && Count(verdict => verdict == Verdict.Failed) >= options.FailuresInWindow))
        {
            return Verdict.Failed;
        }

        int good = InTurn(verdict => verdict == Verdict.Ok);
        if (good >= (Standing is null && !isCautious ? 1 : options.GoodInTurn))
        {
            return Verdict.Ok;
        }

        bool recovers = Standing == Verdict.Failed && InTurn(verdict => verdict != Verdict.Failed) >= options.GoodInTurn;
        bool slows = Standing is null or Verdict.Ok && good == 0 && Count(verdict => verdict != Verdict.Ok) >= options.LatesInWindow;
        return recovers || slows ? Verdict.Late : Standing;
    }

    private int Count(Func<Verdict, bool> holds) => _window.Count(round => holds(round.Verdict));

    private int InTurn(Func<Verdict, bool> holds)
    {
        int count = 0;
        for (int index = _window.Count - 1; index >= 0 && holds(_window[index].Verdict); index--)
        {
            count++;
        }

        return count;
    }

    // The first round of the evidence: of the good ones in turn, or of the bad ones in the window.
    private DateTimeOffset StartOf(Verdict verdict) => verdict switch
    {
        Verdict.Ok => _window[^InTurn(one => one == Verdict.Ok)].At,
        Verdict.Failed => _window.First(round => round.Verdict == Verdict.Failed).At,
        _ when InTurn(one => one != Verdict.Failed) is var calm && calm >= options.GoodInTurn => _window[^calm].At,
        _ => _window.First(round => round.Verdict != Verdict.Ok).At,
    };
}
