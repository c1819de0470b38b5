using Holdfast.Broker.Health;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// Ends sessions whose client has not come back in time. The time counts from the end of the connection; while CONNECT is refused nothing
/// expires, because nobody could have come back.
/// </summary>
internal sealed class SessionExpiry(SessionServices services, ICommitHealth health)
{
    /// <summary>Dates that no longer hold are forgotten when there are more of them than of the others.</summary>
    private const int LeastForgotten = 1024;

    private readonly Lock _lock = new();
    private readonly PriorityQueue<Session, DateTimeOffset> _waiting = new();
    private readonly Dictionary<Session, DateTimeOffset> _due = [];
    private DateTimeOffset? _pausedSince;

    /// <summary>How many dates are remembered, those that no longer hold included.</summary>
    public int Remembered => _waiting.Count;

    /// <summary>Starts the time of a session whose connection has ended.</summary>
    public void Schedule(Session session)
    {
        if (session.ExpirySeconds == uint.MaxValue)
        {
            return;
        }

        var due = (session.DisconnectedAt ?? services.Time.GetUtcNow()).AddSeconds(session.ExpirySeconds);
        lock (_lock)
        {
            _due[session] = due;
            _waiting.Enqueue(session, due);
            if (_waiting.Count > LeastForgotten + (2 * _due.Count))
            {
                _waiting.Clear();
                _waiting.EnqueueRange(_due.Select(pair => (pair.Key, pair.Value)));
            }
        }
    }

    /// <summary>The client has come back, or the session is gone.</summary>
    public void Cancel(Session session)
    {
        lock (_lock)
        {
            _due.Remove(session);
        }
    }

    /// <summary>Whether the session has expired, swept or not.</summary>
    public bool HasExpired(Session session)
    {
        lock (_lock)
        {
            return _pausedSince is null && _due.TryGetValue(session, out var due) && due <= services.Time.GetUtcNow();
        }
    }

    /// <summary>The sessions that are due, each once.</summary>
    public List<Session> TakeDue()
    {
        var result = new List<Session>();
        lock (_lock)
        {
            if (IsPaused())
            {
                return result;
            }

            var now = services.Time.GetUtcNow();
            while (_waiting.TryPeek(out var session, out var due) && due <= now)
            {
                _waiting.Dequeue();
                if (_due.TryGetValue(session, out var current) && current == due)
                {
                    _due.Remove(session);
                    result.Add(session);
                }
            }
        }

        return result;
    }

    /// <summary>While CONNECT is refused time stands still; afterwards everybody has as much left as before.</summary>
    private bool IsPaused()
    {
        var now = services.Time.GetUtcNow();
        if (health.State != CommitState.Committing)
        {
            _pausedSince ??= now;
            return true;
        }

        if (_pausedSince is { } since)
        {
            foreach (var (session, due) in _due.ToList())
            {
                _due[session] = due + (now - since);
            }

            _waiting.Clear();
            _waiting.EnqueueRange(_due.Select(pair => (pair.Key, pair.Value)));
            _pausedSince = null;
        }

        return false;
    }
}
