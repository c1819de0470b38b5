namespace Holdfast.Broker.Limits.Overload;

/// <summary>How much more there is to do than the node can.</summary>
public enum OverloadLevel
{
    /// <summary>Not more.</summary>
    None,

    /// <summary>Publishers are slowed down, each as much as it wants more than its share.</summary>
    Slowing,

    /// <summary>Besides, QoS 0 messages are dropped and nobody new is let in.</summary>
    Shedding,
}

/// <summary>
/// Judges from what is measured ten times a second: how long the oldest append has waited for its commit, and which share of its memory the process uses. Pure: a test gives it a course of measurements. A level is
/// entered late and left later, so that neither one slow flush nor one collection of garbage means anything.
/// </summary>
internal sealed class OverloadJudgement
{
    /// <summary>Commits that take longer are slow.</summary>
    public static readonly TimeSpan SlowCommit = TimeSpan.FromMilliseconds(250);

    /// <summary>Commits that take longer, for <see cref="SamplesToShed"/>, show that slowing is not enough.</summary>
    public static readonly TimeSpan LateCommit = TimeSpan.FromMilliseconds(500);

    public const double SlowMemory = 0.80;
    public const double LateMemory = 0.90;

    public const int SamplesToSlow = 3;
    public const int SamplesToShed = 50;
    public const int SamplesToRest = 10;

    private int _slow;
    private int _late;
    private int _good;

    public OverloadLevel Level { get; private set; }

    /// <summary>Takes a measurement.</summary>
    /// <param name="commitAge">How long the oldest append has waited.</param>
    /// <param name="memory">The share of the memory that is in use.</param>
    /// <returns>Whether the level has changed.</returns>
    public bool Measure(TimeSpan commitAge, double memory)
    {
        _slow = commitAge > SlowCommit || memory > SlowMemory ? _slow + 1 : 0;
        _late = commitAge > LateCommit ? _late + 1 : 0;
        _good = _slow == 0 ? _good + 1 : 0;
        var before = Level;
        Level = Level switch
        {
            _ when memory > LateMemory || _late >= SamplesToShed => OverloadLevel.Shedding,
            _ when _good >= SamplesToRest => OverloadLevel.None,
            OverloadLevel.None when _slow >= SamplesToSlow => OverloadLevel.Slowing,
            _ => Level,
        };
        return Level != before;
    }

    /// <summary>Nothing is known: the node has not been able to commit, which is told and answered otherwise.</summary>
    public void Forget() => (_slow, _late, _good, Level) = (0, 0, 0, OverloadLevel.None);
}
