using Holdfast.Broker.Connections;
using Holdfast.Broker.Sessions;
using Holdfast.Log.State;
using Holdfast.Mqtt;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Identities;

/// <summary>The connections of each device and token: who is disconnected when something is revoked, and which devices are there.</summary>
internal sealed class IdentityConnections
{
    /// <summary>Devices whose coming and going is not written yet; beyond it the oldest news of them is what is lost, never a connection.</summary>
    private const int MaximumUnwritten = 200_000;

    private readonly SessionServices _services;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Product, string Owner), HashSet<ClientConnection>> _connections = [];
    private readonly Dictionary<(string Product, string Device), StoredPresence> _unwritten = [];

    public IdentityConnections(SessionServices services)
    {
        _services = services;
        services.Identities.Changed = Review;
    }

    /// <summary>Adds a connection, before it is answered: what is revoked from now on ends it.</summary>
    public void Add(ClientConnection connection)
    {
        var identity = connection.Identity;
        if (identity.Owner.Length == 0)
        {
            return;
        }

        lock (_lock)
        {
            var key = (identity.Product, identity.Owner);
            if (!_connections.TryGetValue(key, out var all))
            {
                _connections[key] = all = [];
                Note(identity, isConnected: true);
            }

            all.Add(connection);
        }

        // What was revoked between the judgement and here.
        Review(connection);
    }

    /// <summary>Removes a connection that has ended.</summary>
    public void Remove(ClientConnection connection)
    {
        var identity = connection.Identity;
        lock (_lock)
        {
            var key = (identity.Product, identity.Owner);
            if (_connections.TryGetValue(key, out var all) && all.Remove(connection) && all.Count == 0)
            {
                _connections.Remove(key);
                Note(identity, isConnected: false);
            }
        }
    }

    /// <summary>Writes down which devices have come and gone.</summary>
    public async Task WriteAsync()
    {
        List<StoredPresence> changes;
        lock (_lock)
        {
            changes = [.. _unwritten.Values];
            _unwritten.Clear();
        }

        if (changes.Count == 0)
        {
            return;
        }

        try
        {
            await _services.Identities.SavePresenceAsync(changes).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            _services.Logger.LogWarning("Which devices are connected could not be written down and is tried again: {Message}", exception.Message);
            lock (_lock)
            {
                foreach (var change in changes)
                {
                    _unwritten.TryAdd((change.Product, change.Device), change);
                }
            }
        }
    }

    private void Note(ClientIdentity identity, bool isConnected)
    {
        if (identity.Device is { } device && (_unwritten.Count < MaximumUnwritten || _unwritten.ContainsKey((identity.Product, device))))
        {
            _unwritten[(identity.Product, device)] = new StoredPresence(identity.Product, device, isConnected, _services.Time.GetUtcNow());
        }
    }

    /// <summary>Looks again at the connections that a change of the registry may concern.</summary>
    private void Review(IReadOnlyList<StoredIdentity> changes)
    {
        _services.Ledger.Apply(changes);
        var keys = changes.Where(one => one.Kind != IdentityKind.Product && one.Product != IdentityRegistry.AllProducts)
            .Select(one => (one.Product, one.Kind == IdentityKind.Device ? $"$device/{one.Name}" : $"$token/{one.Name}")).ToList();
        var products = changes.Where(one => one.Kind == IdentityKind.Product).Select(one => one.Product).ToHashSet();
        var tokensOfAll = changes.Where(one => one.Kind == IdentityKind.Token && one.Product == IdentityRegistry.AllProducts).Select(one => $"$token/{one.Name}").ToHashSet();
        List<ClientConnection> concerned = [];
        lock (_lock)
        {
            concerned.AddRange(keys.SelectMany(key => _connections.GetValueOrDefault(key) ?? []));
            if (products.Count + tokensOfAll.Count > 0)
            {
                concerned.AddRange(_connections.Where(one => products.Contains(one.Key.Product) || tokensOfAll.Contains(one.Key.Owner)).SelectMany(one => one.Value));
            }
        }

        concerned.ForEach(Review);
    }

    private void Review(ClientConnection connection)
    {
        if (_services.Authenticator.Renew(connection.Identity) is { } identity)
        {
            connection.Identity = identity;
            _services.Connections.LookSoon(connection);
            if (connection.Session?.HasForbiddenSubscription(identity.Rights) == true)
            {
                connection.Close(ReasonCode.AdministrativeAction, "What this client may subscribe to has changed. Connect again.");
            }
        }
        else
        {
            connection.Close(ReasonCode.AdministrativeAction, "The credentials of this client were revoked or replaced.");
        }
    }
}
