using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Direct;

/// <summary>QoS 0 messages for the subscribers of another node.</summary>
/// <param name="Records">Encoded publish records, one after the other.</param>
[GenerateSerializer, Immutable]
public sealed record DirectMessages(byte[] Records);

/// <summary>Which filters a node has subscribers for.</summary>
/// <param name="From">The node.</param>
/// <param name="IsWhole">Whether the changes are all that it has; else they follow what was sent before.</param>
/// <param name="Changes">Filters that came or went.</param>
[GenerateSerializer, Immutable]
public sealed record Interest(NodeId From, bool IsWhole, InterestChange[] Changes)
{
    /// <summary>Grows with every change; what the receiver knows afterwards. 0 from a node of an earlier version.</summary>
    [Id(0)]
    public long Version { get; init; }
}

/// <summary>A filter that came or went.</summary>
/// <param name="Product">The product.</param>
/// <param name="Filter">The filter, without its share.</param>
/// <param name="IsAdded">Whether it came.</param>
[GenerateSerializer, Immutable]
public readonly record struct InterestChange(string Product, string Filter, bool IsAdded);
