namespace Holdfast.Status.Judgement;

/// <summary>How much evidence a judgement needs.</summary>
internal sealed record JudgementOptions
{
    /// <summary>A vote is made from so many of a watcher's last rounds.</summary>
    public const int WindowRounds = 5;

    /// <summary>So many failed rounds one after the other turn a watcher's vote to failed.</summary>
    public int FailuresInTurn { get; init; } = 2;

    /// <summary>So many failed rounds within the window turn it too, so that a fault which comes and goes is seen.</summary>
    public int FailuresInWindow { get; init; } = 3;

    /// <summary>So many rounds in the window that were late or failed turn it to late.</summary>
    public int LatesInWindow { get; init; } = 3;

    /// <summary>So many good rounds one after the other turn it back.</summary>
    public int GoodInTurn { get; init; } = 3;

    /// <summary>A watcher that has not reported for so many of its intervals is silent.</summary>
    public int SilentIntervals { get; init; } = 3;

    /// <summary>No watcher is silent before this.</summary>
    public TimeSpan MinimumSilence { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What nobody observes any more is forgotten after this.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromDays(7);

    /// <summary>When a watcher with an interval counts as silent.</summary>
    public TimeSpan SilenceLimit(TimeSpan interval)
    {
        TimeSpan limit = interval * SilentIntervals;
        return limit > MinimumSilence ? limit : MinimumSilence;
    }
}
