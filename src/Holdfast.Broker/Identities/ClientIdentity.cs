using Holdfast.Broker.Access;

namespace Holdfast.Broker.Identities;

/// <summary>Who a connection is, by what it has shown.</summary>
public sealed record ClientIdentity
{
    private const string DevicePrefix = "$device/";
    private const string TokenPrefix = "$token/";

    /// <summary>The product that it belongs to.</summary>
    public required string Product { get; init; }

    /// <summary>The device, when it is one.</summary>
    public string? Device { get; init; }

    /// <summary>The name of the API token, when it is a back end.</summary>
    public string? Token { get; init; }

    /// <summary>What it has shown.</summary>
    public required Credential Credential { get; init; }

    /// <summary>What it may do.</summary>
    public required Rights Rights { get; init; }

    /// <summary>When what it has shown ceases to be valid, or null.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Who publishes, as events tell it: <c>$device/{id}</c>, <c>$token/{name}</c>; empty for an anonymous client.</summary>
    public string Owner => Device is not null ? DevicePrefix + Device : Token is not null ? TokenPrefix + Token : "";

    /// <summary>Under which name the session of a client is kept: client identifiers are free within one device and one token, and nobody else can say them.</summary>
    /// <param name="clientId">The client identifier.</param>
    public string SessionName(string clientId) => Device is null && Token is null ? clientId : $"{Owner}/{clientId}";

    /// <summary>Whether a client identifier looks like a name that <see cref="SessionName"/> makes.</summary>
    /// <param name="clientId">What an anonymous client has said.</param>
    public static bool IsReserved(string clientId) => clientId.StartsWith(DevicePrefix, StringComparison.Ordinal) || clientId.StartsWith(TokenPrefix, StringComparison.Ordinal);

    /// <summary>Who a session belongs to, by its name.</summary>
    /// <param name="sessionName">The name.</param>
    /// <returns>The device or the token; both null for an anonymous client.</returns>
    public static (string? Device, string? Token) OwnerOf(string sessionName)
    {
        var isDevice = sessionName.StartsWith(DevicePrefix, StringComparison.Ordinal);
        if (!isDevice && !sessionName.StartsWith(TokenPrefix, StringComparison.Ordinal))
        {
            return (null, null);
        }

        var rest = sessionName[(isDevice ? DevicePrefix.Length : TokenPrefix.Length)..];
        var name = rest.Split('/', 2)[0];
        return isDevice ? (name, null) : (null, name);
    }
}

/// <summary>What a client has shown, and shown that it is its own. Whether it is still accepted is for the registry to say.</summary>
public abstract record Credential
{
    /// <summary>Nothing.</summary>
    public sealed record Anonymous : Credential;

    /// <summary>The key of a device.</summary>
    /// <param name="Hash">Its hash.</param>
    public sealed record DeviceKey(byte[] Hash) : Credential;

    /// <summary>A certificate that is pinned to a device.</summary>
    /// <param name="Thumbprint">SHA-256 of it, in upper-case hexadecimal digits.</param>
    public sealed record Pinned(string Thumbprint) : Credential;

    /// <summary>A certificate of an authority of the product.</summary>
    /// <param name="Authority">The authority's own certificate.</param>
    /// <param name="ExpiresAt">When the certificate expires.</param>
    public sealed record Issued(byte[] Authority, DateTimeOffset ExpiresAt) : Credential;

    /// <summary>A signed token.</summary>
    /// <param name="Key">The key that has signed it.</param>
    /// <param name="ExpiresAt">When it expires.</param>
    public sealed record Signed(SigningKey Key, DateTimeOffset ExpiresAt) : Credential;

    /// <summary>An API token.</summary>
    /// <param name="Hash">Its hash.</param>
    public sealed record ApiToken(byte[] Hash) : Credential;
}
