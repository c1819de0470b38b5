using System.Security.Cryptography;
using Holdfast.Broker.Connections;

namespace Holdfast.Broker.Sessions;

/// <summary>All sessions of this node, by product and client identifier.</summary>
internal sealed class SessionRegistry(SessionServices services)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Product, string ClientId), Session> _sessions = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _sessions.Count;
            }
        }
    }

    /// <summary>All sessions now.</summary>
    public List<Session> Snapshot()
    {
        lock (_lock)
        {
            return [.. _sessions.Values];
        }
    }

    /// <summary>The session of a client; null when this node has none.</summary>
    public Session? Find(string product, string clientId)
    {
        lock (_lock)
        {
            return _sessions.GetValueOrDefault((product, clientId));
        }
    }

    /// <summary>Ends the claim of whichever connection has the session.</summary>
    /// <returns>That connection, to be closed; null when none has.</returns>
    public ClientConnection? Unclaim(Session session)
    {
        lock (_lock)
        {
            var previous = session.Claimant;
            session.Claimant = null;
            return previous;
        }
    }

    /// <summary>Adds a session that the store remembers.</summary>
    public void Restore(Session session)
    {
        lock (_lock)
        {
            _sessions[(session.Product, session.ClientId)] = session;
        }
    }

    /// <summary>
    /// Gives the session of a client to a connection, making one if there is none or a clean one is wanted. Its epoch is raised, so that nothing
    /// of an earlier connection can touch it.
    /// </summary>
    public SessionClaim Claim(ClientConnection connection, string product, string clientId, bool cleanStart, uint expirySeconds, Func<Session, bool> hasExpired)
    {
        lock (_lock)
        {
            _sessions.TryGetValue((product, clientId), out var existing);
            var previousOwner = existing?.Claimant;
            var isPresent = existing is { IsPersistent: true } && !cleanStart && (previousOwner is not null || !hasExpired(existing));
            var session = isPresent ? existing! : new Session(services, NewId(), product, clientId);
            if (existing is not null && !isPresent)
            {
                // Whoever had it has nothing to let go any more: what it would store of it would replace what is stored of the new one.
                existing.Claimant = null;
            }

            lock (session.Lock)
            {
                // Also a new session goes on from the epoch of the one that it replaces, or the store would take it for the older of the two.
                session.Epoch = (existing?.Epoch ?? 0) + 1;
                session.Claimant = connection;
                session.ExpirySeconds = expirySeconds;
            }

            _sessions[(product, clientId)] = session;
            return new SessionClaim(session, isPresent, isPresent ? null : existing, previousOwner);
        }
    }

    /// <summary>Removes a session, unless another has taken its place.</summary>
    public bool Remove(Session session)
    {
        lock (_lock)
        {
            var key = (session.Product, session.ClientId);
            return _sessions.TryGetValue(key, out var current) && current == session && _sessions.Remove(key);
        }
    }

    /// <summary>Removes a session whose expiry has passed, unless somebody has claimed it.</summary>
    public bool RemoveIfUnclaimed(Session session)
    {
        lock (_lock)
        {
            var key = (session.Product, session.ClientId);
            return session.Claimant is null && _sessions.TryGetValue(key, out var current) && current == session && _sessions.Remove(key);
        }
    }

    /// <summary>Ends a connection's claim.</summary>
    /// <param name="session">The session.</param>
    /// <param name="connection">The connection that lets it go.</param>
    /// <param name="onReleased">Runs before anybody else can claim the session.</param>
    /// <returns>False when another connection has claimed the session.</returns>
    public bool Release(Session session, ClientConnection connection, Action onReleased)
    {
        lock (_lock)
        {
            if (session.Claimant != connection)
            {
                return false;
            }

            session.Claimant = null;
            onReleased();
            return true;
        }
    }

    private static ulong NewId()
    {
        Span<byte> bytes = stackalloc byte[8];
        ulong id;
        do
        {
            RandomNumberGenerator.Fill(bytes);
            id = BitConverter.ToUInt64(bytes);
        }
        while (id == 0);
        return id;
    }
}

/// <summary>The outcome of a claim.</summary>
/// <param name="Session">The session, the caller's now.</param>
/// <param name="IsPresent">Whether it existed before.</param>
/// <param name="Discarded">The session that it replaces, to be ended.</param>
/// <param name="PreviousOwner">The connection that had it, to be closed.</param>
internal sealed record SessionClaim(Session Session, bool IsPresent, Session? Discarded, ClientConnection? PreviousOwner);
