using Holdfast.Log.State;

namespace Holdfast.Broker.Identities;

/// <summary>Changes the registry: every change is made to what is there, whoever else changes it at the same time.</summary>
/// <param name="registry">The registry.</param>
/// <param name="time">The clock.</param>
public sealed class IdentityAdministration(IdentityRegistry registry, TimeProvider time)
{
    /// <summary>How often a change is tried that others are in the way of.</summary>
    private const int MostTries = 10;

    /// <summary>The most valid secrets of one device or token: the new one and those that it replaces.</summary>
    private const int MostSecrets = 4;

    /// <summary>Adds a product.</summary>
    /// <param name="name">A valid name.</param>
    /// <param name="setUp">Makes its document of an empty one; null to leave it so.</param>
    /// <returns>False when there is one of that name.</returns>
    public async Task<bool> AddProductAsync(string name, Func<ProductDocument, ProductDocument>? setUp = null)
    {
        var document = new ProductDocument { CreatedAt = Now };
        return registry.FindProduct(name) is null && await registry.SaveAsync(new ProductEntry(name, 0, setUp?.Invoke(document) ?? document)).ConfigureAwait(false);
    }

    /// <summary>Changes a product.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="change">Makes the new document of the present one.</param>
    /// <returns>The product as it is now; null when there is none.</returns>
    public Task<ProductEntry?> ChangeProductAsync(string name, Func<ProductDocument, ProductDocument> change) => ChangeAsync(
        () => registry.FindProduct(name), entry => registry.SaveAsync(entry with { Document = change(entry.Document) }));

    /// <summary>Adds a device.</summary>
    /// <param name="product">Its product.</param>
    /// <param name="id">A valid id.</param>
    /// <param name="title">What people call it, or null.</param>
    /// <param name="certificates">Thumbprints of certificates that are its own.</param>
    /// <param name="withKey">Whether it gets a key.</param>
    /// <returns>Its key, or null; and whether it was added: there was none of that id.</returns>
    public async Task<(bool IsAdded, string? Key)> AddDeviceAsync(string product, string id, string? title, IReadOnlyList<string> certificates, bool withKey)
    {
        var key = withKey ? Secret.New(Secret.DeviceKeyPrefix) : null;
        var document = new DeviceDocument { CreatedAt = Now, Title = title, Certificates = certificates, Keys = key is null ? [] : [HashOf(key)] };
        return (await registry.SaveAsync(new DeviceEntry(product, id, 0, document)).ConfigureAwait(false), key);
    }

    /// <summary>Gives a device a new key. One that was revoked is accepted again, with this key only.</summary>
    /// <param name="product">Its product.</param>
    /// <param name="id">Its id.</param>
    /// <param name="overlap">How long the keys it has stay valid.</param>
    /// <returns>The key; null when there is no such device.</returns>
    public async Task<string?> RotateDeviceAsync(string product, string id, TimeSpan overlap)
    {
        var key = Secret.New(Secret.DeviceKeyPrefix);
        return await ChangeDeviceAsync(product, id, device => device with
        {
            Keys = Rotate(device.RevokedAt is null ? device.Keys : [], key, overlap),
            RevokedAt = null,
        }).ConfigureAwait(false) is null ? null : key;
    }

    /// <summary>Changes a device.</summary>
    /// <param name="product">Its product.</param>
    /// <param name="id">Its id.</param>
    /// <param name="change">Makes the new document of the present one.</param>
    /// <returns>The device as it is now; null when there is none.</returns>
    public Task<DeviceEntry?> ChangeDeviceAsync(string product, string id, Func<DeviceDocument, DeviceDocument> change) => ChangeAsync(
        () => registry.FindDevice(product, id), entry => registry.SaveAsync(entry with { Document = change(entry.Document) }));

    /// <summary>Takes everything from a device that it could show; its connections end.</summary>
    /// <param name="product">Its product.</param>
    /// <param name="id">Its id.</param>
    /// <returns>The device as it is now; null when there is none.</returns>
    public Task<DeviceEntry?> RevokeDeviceAsync(string product, string id) => ChangeDeviceAsync(product, id, device => device with { Keys = [], RevokedAt = device.RevokedAt ?? Now });

    /// <summary>Adds an API token.</summary>
    /// <param name="product">Its product, or <see cref="IdentityRegistry.AllProducts"/>.</param>
    /// <param name="name">A valid name.</param>
    /// <param name="scopes">What it may do.</param>
    /// <returns>The token; null when there is one of that name.</returns>
    public async Task<string?> AddTokenAsync(string product, string name, Scopes scopes)
    {
        var token = Secret.New(Secret.TokenPrefix);
        var entry = new TokenEntry(product, name, 0, new TokenDocument { CreatedAt = Now, Scopes = scopes, Secrets = [HashOf(token)] });
        return await registry.SaveAsync(entry).ConfigureAwait(false) ? token : null;
    }

    /// <summary>Gives a token a new secret.</summary>
    /// <param name="product">Its product.</param>
    /// <param name="name">Its name.</param>
    /// <param name="overlap">How long the present ones stay valid.</param>
    /// <returns>The token; null when there is none of that name.</returns>
    public async Task<string?> RotateTokenAsync(string product, string name, TimeSpan overlap)
    {
        var secret = Secret.New(Secret.TokenPrefix);
        return await ChangeTokenAsync(product, name, token => token with { Secrets = Rotate(token.Secrets, secret, overlap) }).ConfigureAwait(false) is null ? null : secret;
    }

    /// <summary>Makes a token worthless at once; its connections end.</summary>
    /// <param name="product">Its product.</param>
    /// <param name="name">Its name.</param>
    /// <returns>The token as it is now; null when there is none.</returns>
    public Task<TokenEntry?> RevokeTokenAsync(string product, string name) => ChangeTokenAsync(product, name, token => token with { Secrets = [] });

    /// <summary>Removes a product that has no devices and no tokens, a device, or a token; connections end.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="product">Its product.</param>
    /// <param name="name">Its name; empty for a product.</param>
    /// <returns>False when there is none.</returns>
    public async Task<bool> RemoveAsync(IdentityKind kind, string product, string name)
    {
        for (var count = 0; count < MostTries; count++)
        {
            var revision = kind switch
            {
                IdentityKind.Product => registry.FindProduct(product)?.Revision,
                IdentityKind.Device => registry.FindDevice(product, name)?.Revision,
                _ => registry.FindToken(product, name)?.Revision,
            };
            if (revision is not > 0)
            {
                return false;
            }

            if (await registry.RemoveAsync(kind, product, name, revision.Value).ConfigureAwait(false))
            {
                return true;
            }
        }

        throw TooManyTries();
    }

    private DateTimeOffset Now => time.GetUtcNow();

    private static StateStoreException TooManyTries() => new("Others change the same entry of the registry all the time.");

    private static async Task<T?> ChangeAsync<T>(Func<T?> find, Func<T, Task<bool>> change)
        where T : class
    {
        for (var count = 0; count < MostTries; count++)
        {
            if (find() is not { } entry)
            {
                return null;
            }

            if (await change(entry).ConfigureAwait(false))
            {
                return find();
            }
        }

        throw TooManyTries();
    }

    private Task<TokenEntry?> ChangeTokenAsync(string product, string name, Func<TokenDocument, TokenDocument> change) => ChangeAsync(
        () => registry.FindToken(product, name), entry => registry.SaveAsync(entry with { Document = change(entry.Document) }));

    private SecretHash HashOf(string secret) => new(Secret.Hash(secret), Now, null);

    /// <summary>The new secret, and those before it for a while; of many the oldest end at once.</summary>
    private List<SecretHash> Rotate(IReadOnlyList<SecretHash> present, string secret, TimeSpan overlap)
    {
        var end = Now + overlap;
        var staying = present.Where(one => overlap > TimeSpan.Zero && (one.ExpiresAt is null || one.ExpiresAt > Now))
            .Select(one => one with { ExpiresAt = one.ExpiresAt < end ? one.ExpiresAt : end });
        return [HashOf(secret), .. staying.OrderByDescending(one => one.CreatedAt).Take(MostSecrets - 1)];
    }
}
