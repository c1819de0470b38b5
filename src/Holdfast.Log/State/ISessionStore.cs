namespace Holdfast.Log.State;

/// <summary>Durable sessions. Each call returns after the change is on disk; concurrent calls are committed together.</summary>
public interface ISessionStore
{
    /// <summary>All sessions with their subscriptions.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<StoredSession> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Inserts or updates a session (not its subscriptions, not its exchanges). A session of the same client with another id is replaced, with all that belongs to it.</summary>
    /// <param name="session">The session.</param>
    /// <returns>False when the stored row has a newer epoch: the caller has lost the session.</returns>
    ValueTask<bool> SaveAsync(StoredSession session);

    /// <summary>Adds, changes and removes subscriptions in one transaction.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="saved">Subscriptions to insert or replace, by filter.</param>
    /// <param name="removedFilters">Filters to remove.</param>
    /// <returns>False when the session is the caller's no more, which only happens in a cluster.</returns>
    ValueTask<bool> SaveSubscriptionsAsync(ulong sessionId, IReadOnlyList<StoredSubscription> saved, IReadOnlyList<string> removedFilters);

    /// <summary>Removes a session and all that belongs to it.</summary>
    /// <param name="sessionId">The session.</param>
    ValueTask RemoveAsync(ulong sessionId);
}
