namespace Holdfast.Cluster.Peers;

/// <summary>
/// The version of the messages between nodes. It is raised with every change that a node of the version before would not understand; nodes of two adjacent versions work together, so that a cluster is
/// upgraded one node at a time. Fields are only added, with a value that means what their absence meant.
/// </summary>
public static class PeerProtocol
{
    /// <summary>The version of this program. Nodes from before versions were told say 0.</summary>
    public const int Version = 1;

    /// <summary>Why a node cannot work together with another; null when it can.</summary>
    /// <param name="node">The other node.</param>
    /// <param name="version">The version that it speaks.</param>
    public static string? Refusal(NodeId node, int version) => Math.Abs(version - Version) <= 1
        ? null
        : $"The node {node.Name} speaks version {version} of the cluster's protocol and this one speaks {Version}; only adjacent versions work together. Upgrade the cluster one version at a time.";
}
