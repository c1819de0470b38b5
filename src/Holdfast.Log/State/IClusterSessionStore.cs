namespace Holdfast.Log.State;

/// <summary>
/// The sessions of a cluster, as one life of one node sees them. A session is in the memory of one node at most, and its row names that node: only it may change the row, and only
/// with the row's epoch or a newer one. Each change returns after it is as durable as an acknowledgement. Times of sessions run by the database's clock and only while
/// <see cref="TickAsync"/> is called: while the cluster cannot commit, nothing expires.
/// </summary>
public interface IClusterSessionStore
{
    /// <summary>Names this life of this node.</summary>
    string Node { get; }

    /// <summary>Enters this life of the node, before it takes its first session.</summary>
    /// <param name="zone">Where it is: vendor/region/zone.</param>
    /// <param name="mark">One offset per partition; nothing before concerns the node's sessions.</param>
    ValueTask RegisterAsync(string zone, long[] mark);

    /// <summary>Saves how far this node's sessions are, and its mark, in one transaction.</summary>
    /// <param name="mark">See <see cref="StoredNode.Mark"/>.</param>
    /// <param name="progress">The sessions that the mark does not tell everything of.</param>
    /// <param name="shares">The partitions of shared subscriptions that this node keeps and that have come further; null for none.</param>
    /// <returns>False when this node is fenced: it has lost all of its sessions.</returns>
    ValueTask<bool> SaveProgressAsync(long[] mark, IReadOnlyList<SessionProgress> progress, IReadOnlyList<StoredSharePartition>? shares = null);

    /// <summary>Marks a life of a node as gone: it takes no session and moves its mark no more. Doing it again is no harm.</summary>
    /// <param name="node">The node; this one to leave in order.</param>
    /// <returns>False when this node is fenced itself, or that node is not known.</returns>
    ValueTask<bool> FenceAsync(string node);

    /// <summary>All lives of nodes that are remembered.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<StoredNode>> LoadNodesAsync(CancellationToken cancellationToken);

    /// <summary>Forgets lives of nodes that were fenced long ago and that no session and no shared subscription names.</summary>
    /// <param name="fencedFor">How long ago at least.</param>
    ValueTask ForgetNodesAsync(TimeSpan fencedFor);

    /// <summary>Takes the session of a client, if its row names nobody or this node: raises the epoch and names this node.</summary>
    /// <param name="product">The product.</param>
    /// <param name="clientId">The client identifier.</param>
    /// <returns>The session, taken or not; null when the client has none.</returns>
    ValueTask<HeldSession?> TakeAsync(string product, string clientId);

    /// <summary>Adds a new session of this node.</summary>
    /// <param name="session">The session.</param>
    /// <param name="replacedId">A session of this node that it replaces, or 0.</param>
    /// <returns>False when the client has another session by now, or this node is fenced.</returns>
    ValueTask<bool> AddAsync(StoredSession session, ulong replacedId);

    /// <summary>Changes a session of this node (not its subscriptions, not its exchanges).</summary>
    /// <param name="session">The session.</param>
    /// <returns>False when it is this node's no more.</returns>
    ValueTask<bool> SaveAsync(StoredSession session);

    /// <summary>Adds, changes and removes subscriptions of a session of this node in one transaction.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="saved">Subscriptions to insert or replace, by filter.</param>
    /// <param name="removedFilters">Filters to remove.</param>
    /// <returns>False when the session is this node's no more.</returns>
    ValueTask<bool> SaveSubscriptionsAsync(ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters);

    /// <summary>Stores a session of this node exactly as it is, with its cursor and its exchanges, and lets it go: it is nobody's. Its time begins to run.</summary>
    /// <param name="session">The session; its will is one that waits.</param>
    /// <returns>False when it was this node's no more.</returns>
    ValueTask<bool> ReleaseAsync(StoredSession session);

    /// <summary>Removes a session of this node and all that belongs to it.</summary>
    /// <param name="sessionId">The session.</param>
    ValueTask RemoveAsync(ulong sessionId);

    /// <summary>Sessions that name a node, in the order of their numbers, without their subscriptions.</summary>
    /// <param name="node">The node.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<StoredSession>> LoadSessionsOfAsync(string node, int limit, CancellationToken cancellationToken);

    /// <summary>Makes a session of a fenced node nobody's. Its time begins to run.</summary>
    /// <param name="session">The session as it was found, with the cursor and the exchanges that follow from the log.</param>
    /// <param name="node">The fenced node.</param>
    /// <param name="willDelay">Its will waits at least so long.</param>
    /// <returns>False when somebody else was faster, or the node is not fenced.</returns>
    ValueTask<bool> SettleAsync(StoredSession session, string node, TimeSpan willDelay);

    /// <summary>Whether any stored session, connected or not, has a subscription of QoS 1 or 2 for a topic. It reads the product's subscriptions one by one.</summary>
    /// <param name="product">The product.</param>
    /// <param name="topic">A topic name.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<bool> HasSubscriberAsync(string product, string topic, CancellationToken cancellationToken);

    /// <summary>The cluster can commit now: the time of sessions runs on. Call it about every second.</summary>
    ValueTask TickAsync();

    /// <summary>Sessions that are nobody's and whose will is due, without their subscriptions.</summary>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<StoredSession>> LoadDueWillsAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Forgets a will that was published.</summary>
    /// <param name="session">The session as it was loaded.</param>
    ValueTask ClearWillAsync(StoredSession session);

    /// <summary>Removes sessions that are nobody's, have no will that waits, and have expired.</summary>
    /// <param name="limit">At most so many.</param>
    /// <returns>Whether there were any.</returns>
    ValueTask<bool> RemoveExpiredAsync(int limit);
}

/// <summary>One life of a node.</summary>
/// <param name="Id">Names this life.</param>
/// <param name="Zone">Where it is: vendor/region/zone.</param>
/// <param name="Mark">One offset per partition: a session of this node without a cursor of its own has confirmed everything before, and everything before is in its exchanges.</param>
/// <param name="StartedAt">When it was entered.</param>
/// <param name="FencedAt">Since when it is gone; null while it is not.</param>
/// <param name="HasSessions">Whether sessions name it.</param>
public sealed record StoredNode(string Id, string Zone, long[] Mark, DateTimeOffset StartedAt, DateTimeOffset? FencedAt, bool HasSessions)
{
    /// <summary>Whether shared subscriptions name it as their keeper.</summary>
    public bool HasShares { get; init; }
}

/// <summary>A session and who has it.</summary>
/// <param name="Session">The session, with its subscriptions.</param>
/// <param name="Node">Who had it before, or null.</param>
/// <param name="IsTaken">Whether this node has it now.</param>
/// <param name="HasExpired">Whether its time has run out.</param>
public sealed record HeldSession(StoredSession Session, string? Node, bool IsTaken, bool HasExpired);
