namespace Holdfast.Broker.Identities;

/// <summary>
/// Limits the attempts with wrong credentials: of an address with one name, so that a device that was revoked and goes on trying exhausts only what is its own, though many devices
/// stand behind one address; and of an address with whatever names, generously.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class AttemptLimit(TimeProvider time)
{
    /// <summary>Wrong attempts in a row of one address with one name.</summary>
    public const int WrongAttemptsPerName = 10;

    /// <summary>Wrong attempts in a row of one address.</summary>
    public const int WrongAttemptsPerAddress = 1_000;

    /// <summary>Names and addresses that are remembered; beyond it those that have been quiet are forgotten, and if there are none, all.</summary>
    public const int MaximumRemembered = 100_000;

    /// <summary>After this time one more attempt with a name is possible.</summary>
    private static readonly TimeSpan PerName = TimeSpan.FromSeconds(6);

    /// <summary>After this time one more attempt of an address is possible.</summary>
    private static readonly TimeSpan PerAddress = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();

    /// <summary>When the last wrong attempt is forgiven: that many pauses ahead of now as attempts are remembered.</summary>
    private readonly Dictionary<(string Address, string? Name), DateTimeOffset> _forgivenAt = [];

    /// <summary>Whether another attempt is judged.</summary>
    /// <param name="address">From where.</param>
    /// <param name="name">As whom.</param>
    public bool Allows(string address, string name)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            return Count((address, name), now, PerName) < WrongAttemptsPerName && Count((address, null), now, PerAddress) < WrongAttemptsPerAddress;
        }
    }

    /// <summary>An attempt was wrong.</summary>
    /// <param name="address">From where.</param>
    /// <param name="name">As whom.</param>
    public void CountWrong(string address, string name)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            Add((address, name), now, PerName);
            Add((address, null), now, PerAddress);
        }
    }

    private double Count((string Address, string? Name) key, DateTimeOffset now, TimeSpan pause)
        => _forgivenAt.TryGetValue(key, out var forgivenAt) && forgivenAt > now ? Math.Ceiling((forgivenAt - now) / pause) : 0;

    private void Add((string Address, string? Name) key, DateTimeOffset now, TimeSpan pause)
    {
        if (_forgivenAt.Count >= MaximumRemembered && !_forgivenAt.ContainsKey(key))
        {
            Forget(now);
        }

        var forgivenAt = _forgivenAt.GetValueOrDefault(key);
        _forgivenAt[key] = (forgivenAt > now ? forgivenAt : now) + pause;
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var key in _forgivenAt.Where(one => one.Value <= now).Select(one => one.Key).ToList())
        {
            _forgivenAt.Remove(key);
        }

        if (_forgivenAt.Count >= MaximumRemembered)
        {
            _forgivenAt.Clear();
        }
    }
}
