using Holdfast.Server.Drill.Faults;

namespace Holdfast.Server.Drill;

/// <summary>What a drill was asked to do.</summary>
internal sealed record DrillOptions
{
    /// <summary>The seed of faults, reconnect pauses and targets.</summary>
    public int Seed { get; init; }

    /// <summary>How many faults; null when the duration decides.</summary>
    public int? Faults { get; init; } = DefaultFaults;

    /// <summary>No fault begins after so long; null when the number decides.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The kinds to draw from; empty for all that this machine can do.</summary>
    public IReadOnlyList<FaultKind> Kinds { get; init; } = [];

    /// <summary>The directory of another build that the nodes run until the first rolling restart; null for this one.</summary>
    public string? FromBuild { get; init; }

    /// <summary>Publishers of each of the four sorts: QoS 1 and 2 of MQTT 3.1.1 and of MQTT 5.</summary>
    public int PublishersOfEachSort { get; init; } = 4;

    /// <summary>How often each publishes.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Where journals and, after a failure, logs are written; null for nowhere.</summary>
    public string? JournalDirectory { get; init; }

    /// <summary>Where the laboratory keeps its files meanwhile.</summary>
    public string ParentDirectory { get; init; } = Path.GetTempPath();

    /// <summary>Whether one node with a data directory is drilled instead of a cluster.</summary>
    public bool IsOneMachine { get; init; }

    /// <summary>Whether loopback addresses are used even where network namespaces could be made.</summary>
    public bool IsLoopback { get; init; }

    /// <summary>Whether the result is printed as JSON.</summary>
    public bool Json { get; init; }

    /// <summary>The number of faults when neither a number nor a duration is given: each kind once.</summary>
    public const int DefaultFaults = 14;
}
