using System.Text.Json.Serialization;
using Holdfast.Broker.Limits;

namespace Holdfast.Broker.Identities;

/// <summary>What the registry keeps of a product.</summary>
public sealed record ProductDocument
{
    /// <summary>When it was added.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>What its devices may do beyond the defaults.</summary>
    public IReadOnlyList<TopicRule> Rules { get; init; } = [];

    /// <summary>The keys whose signed tokens its devices may show.</summary>
    public IReadOnlyList<SigningKey> SigningKeys { get; init; } = [];

    /// <summary>The authorities whose certificates its devices may show.</summary>
    public IReadOnlyList<Authority> Authorities { get; init; } = [];

    /// <summary>What it keeps of its events; null for as much as the node keeps.</summary>
    public ProductRetention? Retention { get; init; }

    /// <summary>The limits of all its clients together, and of each where they do not add up; null for none.</summary>
    public ClientLimits? Limits { get; init; }

    /// <summary>The limits of each of its devices that has none of its own; null for none.</summary>
    public ClientLimits? DeviceLimits { get; init; }
}

/// <summary>What a rule allows.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RuleAction>))]
public enum RuleAction
{
    /// <summary>To publish on the topics that the filter matches.</summary>
    [JsonStringEnumMemberName("publish")]
    Publish,

    /// <summary>To subscribe to the filter, and to every narrower one.</summary>
    [JsonStringEnumMemberName("subscribe")]
    Subscribe,
}

/// <summary>Something that every device of a product may do.</summary>
/// <param name="Name">The rule's name within the product.</param>
/// <param name="Action">What is allowed.</param>
/// <param name="Filter">Where: a topic filter in which <c>{device}</c> and <c>{product}</c> stand for the device's id and the product's name.</param>
public sealed record TopicRule(string Name, RuleAction Action, string Filter);

/// <summary>A key that signs tokens (JWT) of devices.</summary>
/// <param name="Name">Its name within the product; a token may say it as <c>kid</c>.</param>
/// <param name="Algorithm">The only algorithm it is used with: RS256, PS256, ES256 or HS256.</param>
/// <param name="Key">The public key as PEM; of HS256 the secret in base64.</param>
/// <param name="Audience">What a token has to say as <c>aud</c>, or null for anything.</param>
public sealed record SigningKey(string Name, string Algorithm, string Key, string? Audience);

/// <summary>An authority that has issued certificates of devices.</summary>
/// <param name="Name">Its name within the product.</param>
/// <param name="Certificate">Its own certificate (DER).</param>
public sealed record Authority(string Name, byte[] Certificate);

/// <summary>The hash of a key or a token.</summary>
/// <param name="Hash">SHA-256 of the secret.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ceases to be valid, or null.</param>
public sealed record SecretHash(byte[] Hash, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <summary>What the registry keeps of a device.</summary>
public sealed record DeviceDocument
{
    /// <summary>When it was added.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>What people call it, or null.</summary>
    public string? Title { get; init; }

    /// <summary>Its keys; while one is replaced there are two.</summary>
    public IReadOnlyList<SecretHash> Keys { get; init; } = [];

    /// <summary>SHA-256 of the certificates that are pinned to it, in upper-case hexadecimal digits.</summary>
    public IReadOnlyList<string> Certificates { get; init; } = [];

    /// <summary>Since when nothing that it shows is accepted; null when it is.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Its own limits; null for those that its product gives to each.</summary>
    public ClientLimits? Limits { get; init; }
}

/// <summary>What the registry keeps of an API token.</summary>
public sealed record TokenDocument
{
    /// <summary>When it was added.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>What it may do.</summary>
    public Scopes Scopes { get; init; }

    /// <summary>Its secrets; while one is replaced there are two.</summary>
    public IReadOnlyList<SecretHash> Secrets { get; init; } = [];
}

/// <summary>What an API token may do.</summary>
[Flags]
[JsonConverter(typeof(JsonStringEnumConverter<Scopes>))]
public enum Scopes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Publish, by MQTT and HTTP.</summary>
    [JsonStringEnumMemberName("publish")]
    Publish = 1,

    /// <summary>Subscribe by MQTT.</summary>
    [JsonStringEnumMemberName("subscribe")]
    Subscribe = 2,

    /// <summary>Read by HTTP: events, the registry, integrations.</summary>
    [JsonStringEnumMemberName("read")]
    Read = 4,

    /// <summary>Change the registry and the integrations; subscribe to <c>$SYS</c>.</summary>
    [JsonStringEnumMemberName("manage")]
    Manage = 8,
}

/// <summary>Reads and writes the documents without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProductDocument))]
[JsonSerializable(typeof(DeviceDocument))]
[JsonSerializable(typeof(TokenDocument))]
internal sealed partial class DocumentJson : JsonSerializerContext;
