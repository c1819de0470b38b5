namespace Holdfast.Cluster.Ownership;

/// <summary>The times of a cluster.</summary>
public sealed record ClusterTimes
{
    /// <summary>Between two heartbeats to each other node.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A node that was silent for so long does not serve its partitions.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Between two decisions about ownership.</summary>
    public TimeSpan DecisionInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A partition stays at least so long with an owner that lives.</summary>
    public TimeSpan Tenure { get; init; } = TimeSpan.FromSeconds(5);
}
