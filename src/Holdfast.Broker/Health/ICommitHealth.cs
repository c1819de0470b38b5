namespace Holdfast.Broker.Health;

/// <summary>Whether this node can commit: promise 2, "connected means committing".</summary>
public interface ICommitHealth
{
    /// <summary>The state now.</summary>
    CommitState State { get; }

    /// <summary>Why the node is not ready, in words for an operator; empty when it is.</summary>
    string Reason { get; }
}

/// <summary>What a node can promise.</summary>
public enum CommitState
{
    /// <summary>Recovering; not ready yet.</summary>
    Starting,

    /// <summary>Commits succeed.</summary>
    Committing,

    /// <summary>Commits do not return in time. Nothing is acknowledged; CONNECT is refused.</summary>
    Stalled,

    /// <summary>Below <c>minFree</c>, or the disk is full. Publishing is refused; reading and retention go on.</summary>
    Full,

    /// <summary>Shutting down.</summary>
    Draining,
}
