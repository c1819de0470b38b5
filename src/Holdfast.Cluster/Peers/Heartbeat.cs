using Holdfast.Cluster.Shares;

namespace Holdfast.Cluster.Peers;

/// <summary>A node says that it lives, and where it stands.</summary>
/// <param name="From">Who says it.</param>
/// <param name="Zone">Where that node is: vendor/region/zone.</param>
/// <param name="Owned">What it owns.</param>
/// <param name="IsLeaving">It shuts down: nothing should fall to it any more.</param>
/// <param name="IsReady">It takes clients; until then nothing should fall to it that another can serve.</param>
/// <param name="Connections">How many network connections it has.</param>
/// <param name="Listening">Where its clients connect, for those who are told to go there.</param>
[GenerateSerializer, Immutable]
public sealed record Heartbeat(NodeId From, string Zone, OwnedPartition[] Owned, bool IsLeaving, bool IsReady, int Connections, string[] Listening)
{
    /// <summary>It does not reach the database: what it owns should fall to a node that does. A node of an earlier version never says so.</summary>
    [Id(0)]
    public bool IsCut { get; init; }

    /// <summary>The <see cref="PeerProtocol.Version"/> that it speaks.</summary>
    [Id(1)]
    public int Protocol { get; init; }

    /// <summary>The shared subscriptions that it has connected members of; null from a node of an earlier version.</summary>
    [Id(2)]
    public ShareMembers[]? Shares { get; init; }
}

/// <summary>A partition that a node owns.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Epoch">Under which epoch.</param>
/// <param name="CommittedOffset">Up to where it is committed.</param>
[GenerateSerializer, Immutable]
public readonly record struct OwnedPartition(int Partition, long Epoch, long CommittedOffset);

/// <summary>The answer to a <see cref="Heartbeat"/>.</summary>
/// <param name="From">Who answers.</param>
[GenerateSerializer, Immutable]
public sealed record HeartbeatAnswer(NodeId From);
