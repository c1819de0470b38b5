namespace Holdfast.Cluster.Ownership;

/// <summary>
/// Whether this node reaches the database, by what it has committed there. A node writes its mark once a second, so one that commits nothing for longer is cut off, or the database is away from everybody. Thread-safe.
/// </summary>
internal sealed class DatabaseReach(TimeProvider time)
{
    /// <summary>Without a commit for so long the node is cut off. More than the time between two marks of a node under full load.</summary>
    public static readonly TimeSpan CutAfter = TimeSpan.FromSeconds(3);

    /// <summary>How long a node must have committed before it believes that another that does not is alone with that: when the database returns, it does not return to all at the same moment.</summary>
    public static readonly TimeSpan SteadyAfter = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long others must have committed while this node does not, before it believes that it is alone with that: when the database goes, it does not go from all at the same moment either.
    /// </summary>
    public static readonly TimeSpan AloneAfter = TimeSpan.FromSeconds(2);

    private long _lastAt = time.GetTimestamp();
    private long _sinceAt = time.GetTimestamp();

    /// <summary>Nothing was committed for too long.</summary>
    public bool IsCut => time.GetElapsedTime(Volatile.Read(ref _lastAt)) >= CutAfter;

    /// <summary>The node has committed again and again for a while.</summary>
    public bool IsSteady => !IsCut && time.GetElapsedTime(Volatile.Read(ref _sinceAt)) >= SteadyAfter;

    /// <summary>Something of this node was committed.</summary>
    public void Note()
    {
        if (IsCut)
        {
            Volatile.Write(ref _sinceAt, time.GetTimestamp());
        }

        Volatile.Write(ref _lastAt, time.GetTimestamp());
    }
}
