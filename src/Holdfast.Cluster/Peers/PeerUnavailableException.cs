namespace Holdfast.Cluster.Peers;

/// <summary>Another node did not answer: it is dead, unreachable or too slow. Whether it did what was asked is not known.</summary>
public sealed class PeerUnavailableException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="node">Who did not answer.</param>
    /// <param name="reason">Why, in words.</param>
    /// <param name="innerException">What was met.</param>
    public PeerUnavailableException(NodeId node, string reason, Exception? innerException = null)
        : base($"The node {node} did not answer: {reason}", innerException)
    {
        Node = node;
    }

    /// <summary>Who did not answer.</summary>
    public NodeId Node { get; }
}
