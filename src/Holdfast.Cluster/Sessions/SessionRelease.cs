namespace Holdfast.Cluster.Sessions;

/// <summary>Asks a node to let a session go.</summary>
/// <param name="Product">The product.</param>
/// <param name="ClientId">The client identifier.</param>
/// <param name="SessionId">The session.</param>
[GenerateSerializer, Immutable]
public sealed record SessionRelease(string Product, string ClientId, ulong SessionId);
