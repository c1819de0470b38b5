namespace Holdfast.Broker.Connections;

/// <summary>
/// The network connections of the node, and when each has to be looked at for silence. The times lie side by side, so that thousands of clients that only
/// keep themselves alive cost a glance a second, not a look at each of them.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class OpenConnections(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Stack<int> _free = new();
    private readonly List<ClientConnection> _due = [];
    private ClientConnection?[] _connections = new ClientConnection?[64];
    private long[] _looks = new long[64];
    private int _used;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _used - _free.Count;
            }
        }
    }

    /// <summary>Adds a connection, to be looked at soon.</summary>
    /// <param name="connection">The connection.</param>
    public void Add(ClientConnection connection)
    {
        lock (_lock)
        {
            if (!_free.TryPop(out var place))
            {
                place = _used++;
                if (place == _looks.Length)
                {
                    Array.Resize(ref _connections, _used * 2);
                    Array.Resize(ref _looks, _used * 2);
                }
            }

            connection.Place = place;
            _connections[place] = connection;
            _looks[place] = 0;
        }
    }

    /// <summary>Removes a connection that was added. It may be gone already.</summary>
    /// <param name="connection">The connection.</param>
    public void Remove(ClientConnection connection)
    {
        lock (_lock)
        {
            if (_connections[connection.Place] == connection)
            {
                _connections[connection.Place] = null;
                _looks[connection.Place] = long.MaxValue;
                _free.Push(connection.Place);
            }
        }
    }

    /// <summary>All that are there now.</summary>
    public ClientConnection[] ToArray()
    {
        lock (_lock)
        {
            return [.. _connections.OfType<ClientConnection>()];
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
            for (var place = 0; place < _used; place++)
            {
                if (_looks[place] <= now)
                {
                    _looks[place] = long.MaxValue;
                    _due.Add(_connections[place]!);
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
            // It may have ended, and its place be another's by now.
            if (_connections[connection.Place] == connection)
            {
                _looks[connection.Place] = Math.Min(look, _looks[connection.Place]);
            }
        }
    }
}
