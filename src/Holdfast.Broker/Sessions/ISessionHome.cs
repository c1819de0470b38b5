using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Log.State;

namespace Holdfast.Broker.Sessions;

/// <summary>Where the sessions of a cluster are while their clients are elsewhere. A session is in the memory of one node at most.</summary>
public interface ISessionHome
{
    /// <summary>The rows of the sessions.</summary>
    IClusterSessionStore Store { get; }

    /// <summary>Learns what this node's broker can do with sessions. Called once, before the first client is accepted.</summary>
    /// <param name="host">The broker.</param>
    void Connect(ISessionHost host);

    /// <summary>Brings the session of a client to this node: whoever has it lets it go, and the row names this node.</summary>
    /// <param name="product">The product.</param>
    /// <param name="clientId">The client identifier.</param>
    /// <returns>The session with its cursor, exchanges and subscriptions as they are now; null when the client has none anywhere.</returns>
    /// <exception cref="SessionUnavailableException">It could not be brought in time.</exception>
    /// <exception cref="StateStoreException">The store failed.</exception>
    ValueTask<HeldSession?> BringAsync(string product, string clientId);
}

/// <summary>What a node's broker does with sessions for the cluster.</summary>
public interface ISessionHost
{
    /// <summary>The shared subscriptions of this node.</summary>
    IShareHost Shares { get; }

    /// <summary>Lets a session go to another node: ends its connection, stores it exactly, and forgets it.</summary>
    /// <param name="product">The product.</param>
    /// <param name="clientId">The client identifier.</param>
    /// <param name="sessionId">The session that the other node has found.</param>
    /// <param name="cancellationToken">Gives up the waiting for one who is at work on this client here; what was begun is finished.</param>
    /// <returns>When the session is not here, or not any more.</returns>
    Task ReleaseAsync(string product, string clientId, ulong sessionId, CancellationToken cancellationToken);

    /// <summary>How far the sessions of this node are.</summary>
    /// <param name="cancellationToken">Gives up the waiting for appends that are on their way.</param>
    Task<NodeProgress> CollectProgressAsync(CancellationToken cancellationToken);

    /// <summary>Folds steps that the log holds into a session that was stored before them.</summary>
    /// <param name="session">The session as it is stored.</param>
    /// <param name="steps">Its steps, those of one partition in their order. Steps that are folded in already change nothing.</param>
    StoredSession Fold(StoredSession session, IEnumerable<SessionStep> steps);

    /// <summary>Publishes the will of a session that is nobody's. Publishing it again stores nothing.</summary>
    /// <param name="session">The session.</param>
    /// <returns>Whether it is committed; else there was no room for it.</returns>
    Task<bool> PublishWillAsync(StoredSession session);
}

/// <summary>How far the sessions of a node are. What is not saved must be put back.</summary>
/// <param name="Mark">One offset per partition: sessions that are not listed have confirmed everything before.</param>
/// <param name="Sessions">The sessions of which something changed.</param>
/// <param name="Shares">The partitions of shared subscriptions that this node keeps and that have come further.</param>
/// <param name="PutBack">To be called when this was not saved: it is collected again.</param>
public sealed record NodeProgress(long[] Mark, IReadOnlyList<SessionProgress> Sessions, IReadOnlyList<StoredSharePartition> Shares, Action PutBack);

/// <summary>The session of a client could not be brought to this node in time. The client may try again.</summary>
public sealed class SessionUnavailableException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Who has it, and what was tried.</param>
    public SessionUnavailableException(string message)
        : base(message)
    {
    }
}
