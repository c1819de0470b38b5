namespace Holdfast.Cluster.Shares;

/// <summary>A node has connected members of a shared subscription.</summary>
/// <param name="Share">Names the share: <see cref="Broker.SharedSubscriptions.IShareHost.HashOf"/>.</param>
/// <param name="Count">How many.</param>
[GenerateSerializer, Immutable]
public readonly record struct ShareMembers(ulong Share, int Count);
