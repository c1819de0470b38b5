namespace Holdfast.Broker.Limits;

/// <summary>Whom limits are of.</summary>
internal enum LimitScope
{
    Listener,
    Product,
    Device,
}

/// <summary>What is said of scopes.</summary>
internal static class LimitScopes
{
    /// <summary>The word in metrics and messages.</summary>
    public static string Word(this LimitScope scope) => scope.ToString().ToLowerInvariant();
}

/// <summary>What all clients of a listener, a product or a device use together. The ledger counts the connections, under its lock; the rates are read by every connection.</summary>
internal sealed class LimitAccount(LimitScope scope, TimeProvider time)
{
    private volatile TokenBucket? _connects;
    private volatile TokenBucket? _messages;
    private volatile TokenBucket? _bytes;

    public LimitScope Scope => scope;

    public ClientLimits Limits { get; private set; } = ClientLimits.None;

    public int Connections { get; set; }

    public TokenBucket? Connects => _connects;

    /// <summary>Whether forgetting it would change nothing.</summary>
    public bool IsIdle => Connections == 0 && _connects is not { IsFull: false } && _messages is not { IsFull: false } && _bytes is not { IsFull: false };

    /// <summary>Other limits count from now on; a rate that has not changed goes on.</summary>
    public void Apply(ClientLimits limits)
    {
        Limits = limits;
        _connects = Renew(_connects, limits.ConnectRate);
        _messages = Renew(_messages, limits.PublishRate);
        _bytes = Renew(_bytes, limits.PublishBytes);
    }

    /// <summary>Something was published. Without a rate this costs two reads.</summary>
    /// <param name="messages">How many messages.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <returns>How long nothing more may be published.</returns>
    public TimeSpan Charge(int messages, int bytes)
    {
        var byMessages = _messages?.Take(messages) ?? TimeSpan.Zero;
        var byBytes = _bytes?.Take(bytes) ?? TimeSpan.Zero;
        return byMessages > byBytes ? byMessages : byBytes;
    }

    /// <summary>Something was published that counts in several accounts.</summary>
    /// <param name="accounts">The accounts.</param>
    /// <param name="messages">How many messages.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <returns>How long nothing more may be published, and whose rate says so; null for nobody's.</returns>
    public static (TimeSpan Wait, LimitAccount? Slowest) Charge(LimitAccount[] accounts, int messages, int bytes)
    {
        var (longest, slowest) = (TimeSpan.Zero, (LimitAccount?)null);
        foreach (var account in accounts)
        {
            var wait = account.Charge(messages, bytes);
            (longest, slowest) = wait > longest ? (wait, account) : (longest, slowest);
        }

        return (longest, slowest);
    }

    /// <summary>What was charged was not published.</summary>
    public void GiveBack(int messages, int bytes)
    {
        _messages?.GiveBack(messages);
        _bytes?.GiveBack(bytes);
    }

    private TokenBucket? Renew(TokenBucket? present, long? perSecond)
        => perSecond is not { } rate ? null : present?.PerSecond == rate ? present : new TokenBucket(rate, time);
}
