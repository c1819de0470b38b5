using System.Text;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Partitions;

namespace Holdfast.Cluster.Appending;

/// <summary>How the log names one life of a node.</summary>
internal static class SenderHash
{
    /// <summary>The name of a node.</summary>
    public static ulong Of(NodeId node) => Partitioning.KeyHash([], Encoding.UTF8.GetBytes(node.ToString()));
}
