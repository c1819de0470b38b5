namespace Holdfast.Device.Connections;

/// <summary>
/// Tells whether events reach the cloud from what happens on the connection: a connection alone proves nothing while events wait. Pure, and not thread-safe.
/// </summary>
internal sealed class Connectivity(TimeSpan ackDeadline, TimeProvider time)
{
    private readonly Queue<(long Id, long SentAt)> _unacknowledged = new();
    private readonly HashSet<long> _acknowledgedAhead = [];
    private Uri? _endpoint;

    /// <summary>The present status.</summary>
    public ConnectivityStatus Status { get; private set; }
        = new(ConnectivityState.Offline, "No endpoint has been tried yet.", null, time.GetUtcNow());

    /// <summary>Time until the oldest publish is overdue; null when nothing is unacknowledged. Zero or less: the connection is to be abandoned.</summary>
    public TimeSpan? TimeToDeadline
        => _unacknowledged.TryPeek(out var oldest) ? ackDeadline - time.GetElapsedTime(oldest.SentAt) : null;

    /// <summary>A connection was accepted. That is proof only when nothing waits that could be acknowledged, and nothing failed to be before.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="nothingWaits">Whether the outbox is empty.</param>
    public void Connected(Uri endpoint, bool nothingWaits)
    {
        _endpoint = endpoint;
        Clear();
        if (nothingWaits)
        {
            Become(ConnectivityState.Online, "The connection is accepted, and nothing waits.");
        }
    }

    /// <summary>A publish was sent.</summary>
    public void Sent(long id) => _unacknowledged.Enqueue((id, time.GetTimestamp()));

    /// <summary>A publish was acknowledged.</summary>
    public void Acknowledged(long id)
    {
        _acknowledgedAhead.Add(id);
        while (_unacknowledged.TryPeek(out var oldest) && _acknowledgedAhead.Remove(oldest.Id))
        {
            _unacknowledged.Dequeue();
        }

        if (TimeToDeadline is not { } left || left > TimeSpan.Zero)
        {
            Become(ConnectivityState.Online, "Events are acknowledged.");
        }
    }

    /// <summary>Looks at the clock.</summary>
    /// <returns>Whether the connection is to be abandoned.</returns>
    public bool IsOverdue()
    {
        if (TimeToDeadline is not { } left || left > TimeSpan.Zero)
        {
            return false;
        }

        Silent($"A publish was not acknowledged within {ackDeadline.TotalSeconds:0.#} s.");
        return true;
    }

    /// <summary>The connection stands, but nothing comes back on it.</summary>
    public void Silent(string reason)
    {
        Clear();
        Become(ConnectivityState.Degraded, reason);
    }

    /// <summary>The connection ended. A half-dead connection that is abandoned stays degraded until an attempt has failed.</summary>
    public void Lost(string reason)
    {
        Clear();
        if (Status.State == ConnectivityState.Online)
        {
            Become(ConnectivityState.Offline, reason);
        }
    }

    /// <summary>An attempt to connect failed.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="reason">Why.</param>
    /// <param name="wasLast">Whether no other endpoint is left to try now.</param>
    public void Failed(Uri endpoint, string reason, bool wasLast)
    {
        _endpoint = endpoint;
        if (wasLast || Status.State == ConnectivityState.Offline)
        {
            Become(ConnectivityState.Offline, reason);
        }
    }

    private void Clear()
    {
        _unacknowledged.Clear();
        _acknowledgedAhead.Clear();
    }

    private void Become(ConnectivityState state, string reason)
    {
        if (Status.State != state || Status.Endpoint != _endpoint || (state != ConnectivityState.Online && Status.Reason != reason))
        {
            Status = new ConnectivityStatus(state, reason, _endpoint, Status.State == state ? Status.Since : time.GetUtcNow());
        }
    }
}
