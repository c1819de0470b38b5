using System.Text.Json.Serialization;

namespace Holdfast.Integrations.Bridges;

/// <summary>
/// What a bridge needs besides its product, name and filter. Stored as JSON; properties can be set because the generated reader would otherwise lose the
/// defaults.
/// </summary>
internal sealed record BridgeSettings : IntegrationSettings
{
    /// <summary>The protocol version 5.</summary>
    public const string Version5 = "5";

    /// <summary>The protocol version 3.1.1.</summary>
    public const string Version311 = "3.1.1";

    /// <summary>The other broker: mqtt, mqtts, ws or wss.</summary>
    [JsonRequired]
    public string Url { get; set; } = "";

    /// <summary>The protocol version, <see cref="Version5"/> or <see cref="Version311"/>.</summary>
    public string Protocol { get; set; } = Version5;

    /// <summary>The client identifier there; made when the bridge is added, unless it is given.</summary>
    public string? ClientId { get; set; }

    /// <summary>The user name there; null for none.</summary>
    public string? Username { get; set; }

    /// <summary>The password there; never shown.</summary>
    public string? Password { get; set; }

    /// <summary>How the other broker's certificate is judged, and ours; null for the machine's trust and no certificate.</summary>
    public BridgeTls? Tls { get; set; }

    /// <summary>Which way messages go.</summary>
    public BridgeDirection Direction { get; set; } = BridgeDirection.Out;

    /// <summary>The topics of what goes out.</summary>
    public BridgeTopics Outbound { get; set; } = new();

    /// <summary>The quality of service of what goes out, 1 or 2.</summary>
    public int Qos { get; set; } = 1;

    /// <summary>What is subscribed to there.</summary>
    public List<BridgeRoute> Inbound { get; set; } = [];

    /// <summary>Most messages in each direction that are not acknowledged yet.</summary>
    public int MaxInFlight { get; set; } = 100;

    /// <summary>Most events per second that go out; null for no bound.</summary>
    public int? MaxEventsPerSecond { get; set; }

    /// <summary>The keep-alive, in seconds.</summary>
    public int KeepAliveSeconds { get; set; } = 30;

    /// <summary>How long the other broker may take to answer, in seconds.</summary>
    public int TimeoutSeconds { get; set; } = 30;

    /// <summary>How long the other broker keeps messages for us while we are away, in seconds (MQTT 5).</summary>
    public uint SessionExpirySeconds { get; set; } = 7 * 24 * 3600;

    /// <summary>Filters that were subscribed to before a change: the session there may still have them.</summary>
    public List<string> RetiredFilters { get; set; } = [];

    /// <summary>Whether events go out.</summary>
    [JsonIgnore]
    public bool Sends => Direction != BridgeDirection.In;

    /// <summary>Whether messages come in. Not by a replay, which sends again and no more.</summary>
    [JsonIgnore]
    public bool Receives => Direction != BridgeDirection.Out && Replay is null;

    /// <summary>Whether the other side carries properties.</summary>
    [JsonIgnore]
    public bool IsVersion5 => Protocol == Version5;
}

/// <summary>Which way messages go.</summary>
internal enum BridgeDirection
{
    /// <summary>Events go to the other broker.</summary>
    Out,

    /// <summary>Messages of the other broker come here.</summary>
    In,

    /// <summary>Both.</summary>
    Both,
}

/// <summary>How topics of one side become topics of the other.</summary>
internal record BridgeTopics
{
    /// <summary>Taken off the beginning, where it is there.</summary>
    public string Strip { get; set; } = "";

    /// <summary>Put in front, after that.</summary>
    public string Add { get; set; } = "";

    /// <summary>The whole topic instead, with <c>{topic}</c> (what is left after <see cref="Strip"/>), <c>{product}</c>, <c>{device}</c> and <c>{name}</c>; null for none.</summary>
    public string? Template { get; set; }

    /// <summary>Whether a retained message is retained on the other side too.</summary>
    public bool Retain { get; set; } = true;
}

/// <summary>A subscription on the other broker.</summary>
internal sealed record BridgeRoute : BridgeTopics
{
    /// <summary>The topic filter there.</summary>
    [JsonRequired]
    public string Filter { get; set; } = "";
}

/// <summary>The certificates of both sides.</summary>
internal sealed record BridgeTls
{
    /// <summary>The certificates (PEM) of the only authorities that are trusted; null for the machine's.</summary>
    public string? Ca { get; set; }

    /// <summary>The SHA-256 of the other broker's public key, <c>sha256/BASE64</c>; see the pins of a webhook.</summary>
    public List<string> Pins { get; set; } = [];

    /// <summary>Our certificate, with its chain (PEM); null for none.</summary>
    public string? Certificate { get; set; }

    /// <summary>Its private key (PEM); never shown.</summary>
    public string? Key { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
    AllowDuplicateProperties = false, Converters = [typeof(LowerCaseEnum<BridgeDirection>)])]
[JsonSerializable(typeof(BridgeSettings))]
internal sealed partial class BridgeJson : JsonSerializerContext;
