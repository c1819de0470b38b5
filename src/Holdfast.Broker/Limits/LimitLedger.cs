using Holdfast.Broker.Connections;
using Holdfast.Broker.Identities;
using Holdfast.Log.State;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Limits;

/// <summary>
/// Who uses how much: the accounts of listeners, products and devices on this node. Its lock is taken when a client comes or goes and when a limit changes, never for a message.
/// </summary>
internal sealed class LimitLedger(IdentityRegistry registry, TimeProvider time)
{
    /// <summary>The longest that a CONNECT waits for its turn before it is refused instead.</summary>
    public static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<(LimitScope Scope, string Product, string Name), LimitAccount> _accounts = [];

    /// <summary>The limits that count for each connection of a client by itself.</summary>
    public ClientLimits LimitsOf(ConnectionInfo info, ClientIdentity identity)
        => info.Limits.Tightest(OfProduct(identity.Product)).Tightest(OfDevice(identity.Product, identity.Device));

    /// <summary>Lets a client in, or not.</summary>
    /// <param name="info">Where it comes from.</param>
    /// <param name="identity">Who it is.</param>
    /// <param name="replaces">Whether another connection of the same client ends because of it.</param>
    public EntryDecision Enter(ConnectionInfo info, ClientIdentity identity, bool replaces)
    {
        lock (_lock)
        {
            var accounts = AccountsOf(info, identity);
            foreach (var account in accounts)
            {
                if (account.Connections >= account.Limits.Connections + (replaces ? 1 : 0))
                {
                    return EntryDecision.Refuse(
                        ReasonCode.QuotaExceeded, account.Scope, $"The {account.Scope.Word()} has as many connections as it may have ({account.Limits.Connections}). Try again later.");
                }
            }

            var (wait, slowest) = TakeTurn(accounts);
            if (wait > ConnectPatience)
            {
                Array.ForEach(accounts, account => account.Connects?.GiveBack(1));
                return EntryDecision.Refuse(
                    ReasonCode.ConnectionRateExceeded, slowest!.Scope, $"The {slowest.Scope.Word()} connects more often than {slowest.Limits.ConnectRate} times in a second. Try again later.");
            }

            Array.ForEach(accounts, account => account.Connections++);
            return new EntryDecision(accounts, wait, slowest?.Scope);
        }
    }

    /// <summary>Lets a client go that was let in.</summary>
    public void Leave(LimitAccount[] accounts)
    {
        lock (_lock)
        {
            Array.ForEach(accounts, account => account.Connections--);
        }
    }

    /// <summary>The accounts that something published over HTTP is charged to.</summary>
    public LimitAccount[] AccountsOf(string product, string? device)
    {
        lock (_lock)
        {
            return device is null ? [Account(LimitScope.Product, product, "")] : [Account(LimitScope.Product, product, ""), Account(LimitScope.Device, product, device)];
        }
    }

    /// <summary>What the registry says now counts for rates and for who comes.</summary>
    public void Apply(IReadOnlyList<StoredIdentity> changes)
    {
        lock (_lock)
        {
            foreach (var ((scope, product, name), account) in _accounts)
            {
                if (changes.Any(change => change.Product == product && (change.Kind == IdentityKind.Product || (change.Kind == IdentityKind.Device && change.Name == name))))
                {
                    account.Apply(LimitsOf(scope, product, name));
                }
            }
        }
    }

    /// <summary>Forgets accounts that nobody uses. Called now and then.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            foreach (var (key, _) in _accounts.Where(one => one.Value.IsIdle).ToList())
            {
                _accounts.Remove(key);
            }
        }
    }

    private static (TimeSpan Wait, LimitAccount? Slowest) TakeTurn(LimitAccount[] accounts)
    {
        var (longest, slowest) = (TimeSpan.Zero, (LimitAccount?)null);
        foreach (var account in accounts)
        {
            // Of a listener sockets are accepted at its rate, so nobody waits for it here.
            if (account.Scope != LimitScope.Listener && account.Connects?.Take(1) is { } wait && wait > longest)
            {
                (longest, slowest) = (wait, account);
            }
        }

        return (longest, slowest);
    }

    private LimitAccount[] AccountsOf(ConnectionInfo info, ClientIdentity identity)
    {
        var accounts = new List<LimitAccount>(3);
        if (info.Limits != ClientLimits.None)
        {
            var listener = Account(LimitScope.Listener, "", info.Listener);
            if (listener.Limits != info.Limits)
            {
                listener.Apply(info.Limits);
            }

            accounts.Add(listener);
        }

        accounts.Add(Account(LimitScope.Product, identity.Product, ""));
        if (identity.Device is { } device)
        {
            accounts.Add(Account(LimitScope.Device, identity.Product, device));
        }

        return [.. accounts];
    }

    private LimitAccount Account(LimitScope scope, string product, string name)
    {
        if (!_accounts.TryGetValue((scope, product, name), out var account))
        {
            _accounts[(scope, product, name)] = account = new LimitAccount(scope, time);
            account.Apply(LimitsOf(scope, product, name));
        }

        return account;
    }

    private ClientLimits LimitsOf(LimitScope scope, string product, string name) => scope switch
    {
        LimitScope.Product => OfProduct(product),
        LimitScope.Device => OfDevice(product, name),
        _ => ClientLimits.None,
    };

    private ClientLimits OfProduct(string product) => registry.FindProduct(product)?.Document.Limits ?? ClientLimits.None;

    private ClientLimits OfDevice(string product, string? device)
        => device is null ? ClientLimits.None
            : (registry.FindDevice(product, device)?.Document.Limits ?? ClientLimits.None).Over(registry.FindProduct(product)?.Document.DeviceLimits ?? ClientLimits.None);
}

/// <summary>Whether a client comes in.</summary>
/// <param name="Accounts">Where it counts; null when it is refused.</param>
/// <param name="Wait">How long it waits before.</param>
/// <param name="Scope">Whose limit it waits for, or is refused by.</param>
internal sealed record EntryDecision(LimitAccount[]? Accounts, TimeSpan Wait, LimitScope? Scope)
{
    /// <summary>Why it is refused.</summary>
    public ReasonCode Reason { get; private init; }

    /// <summary>The same in words.</summary>
    public string Message { get; private init; } = "";

    public static EntryDecision Refuse(ReasonCode reason, LimitScope scope, string message) => new(null, TimeSpan.Zero, scope) { Reason = reason, Message = message };
}
