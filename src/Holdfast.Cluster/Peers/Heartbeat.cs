namespace Holdfast.Cluster.Peers;

/// <summary>A node says that it lives, and where it stands.</summary>
/// <param name="From">Who says it.</param>
/// <param name="Zone">Where that node is: vendor/region/zone.</param>
/// <param name="CommittedOffsets">Of each partition, up to where the log is committed as far as that node knows.</param>
[GenerateSerializer, Immutable]
public sealed record Heartbeat(NodeId From, string Zone, long[] CommittedOffsets);

/// <summary>The answer to a <see cref="Heartbeat"/>.</summary>
/// <param name="From">Who answers.</param>
[GenerateSerializer, Immutable]
public sealed record HeartbeatAnswer(NodeId From);
