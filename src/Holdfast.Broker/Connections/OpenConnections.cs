namespace Holdfast.Broker.Connections;

/// <summary>
/// The network connections of the node, and when each has to be looked at for silence. The times lie side by side, so that thousands of clients that only
/// keep themselves alive cost a glance a second, not a look at each of them.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class OpenConnections(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<ClientConnection> _connections = [];
    private readonly List<long> _looks = [];
    private readonly List<ClientConnection> _due = [];

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Adds a connection, to be looked at soon.</summary>
    /// <param name="connection">The connection.</param>
    public void Add(ClientConnection connection)
    {
        lock (_lock)
        {
            connection.Place = _connections.Count;
            _connections.Add(connection);
            _looks.Add(0);
        }
    }

    /// <summary>Removes a connection that was added. It may be gone already.</summary>
    /// <param name="connection">The connection.</param>
    public void Remove(ClientConnection connection)
    {
        lock (_lock)
        {
            if (IsOpen(connection))
            {
                // The last one takes its place.
                var last = _connections.Count - 1;
                _connections[last].Place = connection.Place;
                _connections[connection.Place] = _connections[last];
                _looks[connection.Place] = _looks[last];
                _connections.RemoveAt(last);
                _looks.RemoveAt(last);
            }
        }
    }

    /// <summary>All that are there now.</summary>
    public ClientConnection[] ToArray()
    {
        lock (_lock)
        {
            return [.. _connections];
        }
    }

    /// <summary>Has a connection looked at soon, since what holds for it has changed.</summary>
    /// <param name="connection">A connection that was added.</param>
    public void LookSoon(ClientConnection connection) => LookAt(connection, 0);

    /// <summary>Looks at the connections whose time has come. Called about once a second, by one at a time.</summary>
    public void CheckSilence()
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            for (var place = 0; place < _looks.Count; place++)
            {
                if (_looks[place] <= now)
                {
                    _looks[place] = long.MaxValue;
                    _due.Add(_connections[place]);
                }
            }
        }

        foreach (var connection in _due)
        {
            LookAt(connection, now + (long)(connection.CheckSilence().TotalSeconds * time.TimestampFrequency));
        }

        _due.Clear();
    }

    private void LookAt(ClientConnection connection, long look)
    {
        lock (_lock)
        {
            if (IsOpen(connection))
            {
                _looks[connection.Place] = Math.Min(look, _looks[connection.Place]);
            }
        }
    }

    /// <summary>Whether a connection has not ended; its place may be another's by now. Inside the lock.</summary>
    private bool IsOpen(ClientConnection connection) => connection.Place < _connections.Count && _connections[connection.Place] == connection;
}
