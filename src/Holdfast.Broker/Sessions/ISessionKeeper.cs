namespace Holdfast.Broker.Sessions;

/// <summary>What becomes of sessions when their clients come and go: on one machine they stay, in a cluster they travel.</summary>
internal interface ISessionKeeper
{
    /// <summary>A client connects: its session is on this node when this returns, if it exists anywhere.</summary>
    /// <exception cref="SessionUnavailableException">It could not be brought in time.</exception>
    ValueTask<SessionArrival> ArriveAsync(string product, string clientId);

    /// <summary>Stores a session that a connection has claimed, before CONNACK.</summary>
    /// <returns>False when the session is another node's by now.</returns>
    ValueTask<bool> SaveAsync(SessionClaim claim);

    /// <summary>A connection has let its session go, and nobody can claim it yet. Must not block.</summary>
    void StartWaiting(Session session);

    /// <summary>Then this: what is left to do when nobody has claimed it meanwhile.</summary>
    Task SettleAsync(Session session);

    /// <summary>The node shuts down: everybody is disconnected.</summary>
    Task SettleAllAsync();
}

/// <summary>A client has its place on this node until this is disposed of.</summary>
/// <param name="Place">The place; null where it is not needed.</param>
/// <param name="HasExpired">The session's time has run out; it is not to be resumed.</param>
internal readonly record struct SessionArrival(IDisposable? Place, bool HasExpired) : IDisposable
{
    public void Dispose() => Place?.Dispose();
}
