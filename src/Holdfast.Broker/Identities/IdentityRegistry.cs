using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Holdfast.Log.State;

namespace Holdfast.Broker.Identities;

/// <summary>
/// All products, devices and tokens, in memory: a CONNECT never waits for the store, and an unknown device takes as long as a known one. It is a fold over the changes in the store;
/// what this node changes it sees as every other node does.
/// </summary>
public sealed class IdentityRegistry : IDisposable
{
    /// <summary>The product that always exists, and that anonymous clients belong to.</summary>
    public const string DefaultProduct = "default";

    /// <summary>What stands in the place of the product in a token of all products.</summary>
    public const string AllProducts = "*";

    private readonly IIdentityStore _store;
    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private readonly ConcurrentDictionary<string, ProductEntry> _products = [];
    private readonly ConcurrentDictionary<(string Product, string Device), DeviceEntry> _devices = [];
    private readonly ConcurrentDictionary<(string Product, string Name), TokenEntry> _tokens = [];
    private readonly ConcurrentDictionary<string, TokenEntry> _bySecret = [];
    private readonly ConcurrentDictionary<string, DeviceEntry> _byCertificate = [];
    private long _revision;

    /// <param name="store">Where everything is kept.</param>
    public IdentityRegistry(IIdentityStore store)
    {
        _store = store;
        _products[DefaultProduct] = new ProductEntry(DefaultProduct, 0, new ProductDocument());
    }

    /// <summary>Called after entries have changed, by whoever has read them.</summary>
    public Action<IReadOnlyList<StoredIdentity>>? Changed { get; set; }

    /// <summary>All products, in the order of their names.</summary>
    public IReadOnlyList<ProductEntry> Products => [.. _products.Values.OrderBy(one => one.Name, StringComparer.Ordinal)];

    /// <summary>Whether a product has devices or tokens.</summary>
    /// <param name="product">The product.</param>
    public bool IsInUse(string product) => _devices.Keys.Any(key => key.Product == product) || _tokens.Keys.Any(key => key.Product == product);

    /// <summary>Finds a product.</summary>
    /// <param name="name">Its name.</param>
    public ProductEntry? FindProduct(string name) => _products.GetValueOrDefault(name);

    /// <summary>Finds a device.</summary>
    /// <param name="product">Its product.</param>
    /// <param name="device">Its id.</param>
    public DeviceEntry? FindDevice(string product, string device) => _devices.GetValueOrDefault((product, device));

    /// <summary>Finds the device that a certificate is pinned to.</summary>
    /// <param name="thumbprint">SHA-256 of the certificate, in upper-case hexadecimal digits.</param>
    public DeviceEntry? FindDeviceOf(string thumbprint) => _byCertificate.GetValueOrDefault(thumbprint);

    /// <summary>Finds a token by its name.</summary>
    /// <param name="product">Its product.</param>
    /// <param name="name">Its name.</param>
    public TokenEntry? FindToken(string product, string name) => _tokens.GetValueOrDefault((product, name));

    /// <summary>Finds a token by what a client has shown.</summary>
    /// <param name="hash">The hash of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="secret">The secret that it is, which is valid now.</param>
    public TokenEntry? FindToken(byte[] hash, DateTimeOffset now, out SecretHash? secret)
    {
        // What is looked up is a hash that no client can choose, so how long that takes tells nothing.
        var token = _bySecret.GetValueOrDefault(Convert.ToHexString(hash));
        secret = Secret.Find(hash, token?.Document.Secrets, now);
        return secret is null ? null : token;
    }

    /// <summary>Devices of a product, in the order of their ids.</summary>
    /// <param name="product">The product.</param>
    /// <param name="after">The id behind which to begin, or null.</param>
    /// <param name="limit">The most that are returned.</param>
    public IReadOnlyList<DeviceEntry> DevicesOf(string product, string? after, int limit)
    {
        var first = new SortedList<string, DeviceEntry>(StringComparer.Ordinal);
        foreach (var ((itsProduct, id), entry) in _devices)
        {
            if (itsProduct != product || string.CompareOrdinal(id, after) <= 0 || (first.Count == limit && string.CompareOrdinal(id, first.GetKeyAtIndex(limit - 1)) > 0))
            {
                continue;
            }

            first[id] = entry;
            if (first.Count > limit)
            {
                first.RemoveAt(limit);
            }
        }

        return [.. first.Values];
    }

    /// <summary>The tokens of a product, in the order of their names.</summary>
    /// <param name="product">The product, or <see cref="AllProducts"/>.</param>
    public IReadOnlyList<TokenEntry> TokensOf(string product)
        => [.. _tokens.Values.Where(one => one.Product == product).OrderBy(one => one.Name, StringComparer.Ordinal)];

    /// <summary>Adds or changes a product.</summary>
    /// <param name="entry">The product with the revision that was seen, 0 for a new one.</param>
    /// <returns>False when somebody else was faster.</returns>
    public Task<bool> SaveAsync(ProductEntry entry) => SaveAsync(IdentityKind.Product, entry.Name, "", entry.Revision, entry.Document, DocumentJson.Default.ProductDocument);

    /// <summary>Adds or changes a device.</summary>
    /// <param name="entry">The device with the revision that was seen, 0 for a new one.</param>
    /// <returns>False when somebody else was faster.</returns>
    public Task<bool> SaveAsync(DeviceEntry entry) => SaveAsync(IdentityKind.Device, entry.Product, entry.Id, entry.Revision, entry.Document, DocumentJson.Default.DeviceDocument);

    /// <summary>Adds or changes a token.</summary>
    /// <param name="entry">The token with the revision that was seen, 0 for a new one.</param>
    /// <returns>False when somebody else was faster.</returns>
    public Task<bool> SaveAsync(TokenEntry entry) => SaveAsync(IdentityKind.Token, entry.Product, entry.Name, entry.Revision, entry.Document, DocumentJson.Default.TokenDocument);

    /// <summary>Removes an entry.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="product">Its product.</param>
    /// <param name="name">Its name.</param>
    /// <param name="revision">The revision that was seen.</param>
    /// <returns>False when somebody else was faster.</returns>
    public Task<bool> RemoveAsync(IdentityKind kind, string product, string name, long revision) => SaveAsync(new StoredIdentity(kind, product, name, revision, null));

    /// <summary>What is known of devices being there.</summary>
    /// <param name="product">The product.</param>
    /// <param name="devices">The devices.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public ValueTask<IReadOnlyList<StoredPresence>> PresenceAsync(string product, IReadOnlyList<string> devices, CancellationToken cancellationToken)
        => _store.LoadPresenceAsync(product, devices, cancellationToken);

    /// <summary>Says which devices have come and gone.</summary>
    /// <param name="changes">Each device once.</param>
    public ValueTask SavePresenceAsync(IReadOnlyList<StoredPresence> changes) => _store.SavePresenceAsync(changes);

    /// <summary>Takes in what has changed in the store.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="IOException">The store cannot be read now.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _refreshing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var changes = new List<StoredIdentity>();
            await foreach (var change in _store.LoadChangesAsync(_revision, cancellationToken).ConfigureAwait(false))
            {
                Apply(change);
                _revision = change.Revision;
                changes.Add(change with { Document = null });
            }

            if (changes.Count > 0)
            {
                Changed?.Invoke(changes);
            }
        }
        finally
        {
            _refreshing.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _refreshing.Dispose();

    private Task<bool> SaveAsync<T>(IdentityKind kind, string product, string name, long revision, T document, JsonTypeInfo<T> type)
        => SaveAsync(new StoredIdentity(kind, product, name, revision, JsonSerializer.Serialize(document, type)));

    private async Task<bool> SaveAsync(StoredIdentity identity)
    {
        var isSaved = await _store.SaveAsync(identity).ConfigureAwait(false);
        await RefreshAsync(CancellationToken.None).ConfigureAwait(false);
        return isSaved;
    }

    private void Apply(StoredIdentity change)
    {
        switch (change.Kind)
        {
            case IdentityKind.Product:
                var product = TryRead(change, DocumentJson.Default.ProductDocument, out var ofProduct) ? new ProductEntry(change.Product, change.Revision, ofProduct) : null;
                Put(_products, change.Product, product ?? (change.Product == DefaultProduct ? new ProductEntry(DefaultProduct, 0, new ProductDocument()) : null));
                break;
            case IdentityKind.Device:
                Put(TryRead(change, DocumentJson.Default.DeviceDocument, out var ofDevice) ? new DeviceEntry(change.Product, change.Name, change.Revision, ofDevice) : null, (change.Product, change.Name));
                break;
            default:
                Put(TryRead(change, DocumentJson.Default.TokenDocument, out var ofToken) ? new TokenEntry(change.Product, change.Name, change.Revision, ofToken) : null, (change.Product, change.Name));
                break;
        }
    }

    private void Put(DeviceEntry? entry, (string Product, string Device) key)
    {
        foreach (var thumbprint in _devices.GetValueOrDefault(key)?.Document.Certificates ?? [])
        {
            if (_byCertificate.GetValueOrDefault(thumbprint) is { } owner && (owner.Product, owner.Id) == key)
            {
                _byCertificate.TryRemove(thumbprint, out _);
            }
        }

        Put(_devices, key, entry);
        foreach (var thumbprint in entry?.Document.Certificates ?? [])
        {
            // Whose it is first, it stays: nobody takes another's device by pinning its certificate to his own.
            _byCertificate.TryAdd(thumbprint, entry!);
        }
    }

    private void Put(TokenEntry? entry, (string Product, string Name) key)
    {
        foreach (var secret in _tokens.GetValueOrDefault(key)?.Document.Secrets ?? [])
        {
            _bySecret.TryRemove(Convert.ToHexString(secret.Hash), out _);
        }

        Put(_tokens, key, entry);
        foreach (var secret in entry?.Document.Secrets ?? [])
        {
            _bySecret[Convert.ToHexString(secret.Hash)] = entry!;
        }
    }

    private static void Put<TKey, TEntry>(ConcurrentDictionary<TKey, TEntry> entries, TKey key, TEntry? entry)
        where TKey : notnull
        where TEntry : class
    {
        if (entry is null)
        {
            entries.TryRemove(key, out _);
        }
        else
        {
            entries[key] = entry;
        }
    }

    private static bool TryRead<T>(StoredIdentity change, JsonTypeInfo<T> type, [NotNullWhen(true)] out T? document)
        where T : class
    {
        try
        {
            document = change.Document is null ? null : JsonSerializer.Deserialize(change.Document, type);
        }
        catch (JsonException)
        {
            // Written by a newer version: nobody gets in with what is not understood.
            document = null;
        }

        return document is not null;
    }
}
