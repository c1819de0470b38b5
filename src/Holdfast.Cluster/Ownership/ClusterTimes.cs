namespace Holdfast.Cluster.Ownership;

/// <summary>The times of a cluster.</summary>
public sealed record ClusterTimes
{
    /// <summary>Between two heartbeats to each other node.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A node that was silent for so long does not serve its partitions.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A node that was silent for so long is taken for dead, and its sessions go on elsewhere.</summary>
    public TimeSpan Death { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A will of a dead node's session waits at least so long: a node that is cut off still holds its clients until its acknowledgement deadline.</summary>
    public TimeSpan WillDelay { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>Between two decisions about ownership.</summary>
    public TimeSpan DecisionInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Between two looks into the database whether what is served here is owned here.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A partition stays at least so long with an owner that lives.</summary>
    public TimeSpan Tenure { get; init; } = TimeSpan.FromSeconds(5);
}
