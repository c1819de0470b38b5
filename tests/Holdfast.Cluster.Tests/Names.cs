using System.Net;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Tests;

/// <summary>Nodes that exist by name only.</summary>
internal static class Names
{
    public static readonly NodeId A = Of("a");

    public static readonly NodeId B = Of("b");

    public static readonly NodeId C = Of("c");

    public static NodeId Of(string name, int generation = 1) => new(name, IPAddress.Loopback, 1, generation);

    public static Heartbeat Beat(NodeId from, params OwnedPartition[] owned) => new(from, "", owned, IsLeaving: false, IsReady: true, 0, []);
}
