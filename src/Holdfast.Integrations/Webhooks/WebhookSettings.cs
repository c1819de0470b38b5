using System.Text.Json.Serialization;
using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations.Webhooks;

/// <summary>
/// What a webhook needs besides its product, name and filter: the fields that an operator gives, and the secrets and the position that Holdfast keeps with
/// them. Stored as JSON; properties can be set because the generated reader would otherwise lose the defaults.
/// </summary>
internal sealed record WebhookSettings : IntegrationSettings
{
    /// <summary>Where to send to: http or https, absolute.</summary>
    [JsonRequired]
    public string Url { get; set; } = "";

    /// <summary>The HTTP method.</summary>
    public string Method { get; set; } = "POST";

    /// <summary>Headers of each request.</summary>
    public Dictionary<string, string> Headers { get; set; } = [];

    /// <summary>Query parameters of each request, besides those of the URL.</summary>
    public Dictionary<string, string> Query { get; set; } = [];

    /// <summary>Who we are to the receiver; null for nobody.</summary>
    public WebhookAuth? Auth { get; set; }

    /// <summary>How the receiver's certificate is judged; null for the machine's trust.</summary>
    public WebhookTls? Tls { get; set; }

    /// <summary>The form of the body.</summary>
    public WebhookBody Body { get; set; } = WebhookBody.Json;

    /// <summary>The Mustache template of the form <see cref="WebhookBody.Template"/>.</summary>
    public string? Template { get; set; }

    /// <summary>The media type of the forms <see cref="WebhookBody.Raw"/> and <see cref="WebhookBody.Template"/>; null for theirs.</summary>
    public string? ContentType { get; set; }

    /// <summary>The most events of one request; with more than 1 the body is an array.</summary>
    public int MaxBatch { get; set; } = 1;

    /// <summary>How long an event may wait for others to share a request with, in milliseconds.</summary>
    public int MaxWaitMilliseconds { get; set; } = 100;

    /// <summary>Which events wait for others to be confirmed.</summary>
    public DeliveryOrder Order { get; set; } = DeliveryOrder.Device;

    /// <summary>Most requests at the same time.</summary>
    public int Concurrency { get; set; } = 64;

    /// <summary>Most events per second; null for no bound.</summary>
    public int? MaxEventsPerSecond { get; set; }

    /// <summary>How long an attempt may take, in seconds.</summary>
    public int TimeoutSeconds { get; set; } = 15;

    /// <summary>The HTTP statuses that refuse an event for good, such as <c>410</c> or <c>4xx</c>.</summary>
    public List<string> DeadLetterOn { get; set; } = ["410"];

    /// <summary>Whether redirects that keep the method (307, 308) are followed.</summary>
    public bool FollowRedirects { get; set; }

    /// <summary>What of the receiver's answer goes back to the device; null for nothing.</summary>
    public WebhookResponse? Response { get; set; }

    /// <summary>The secret that signs each request, <c>whsec_…</c>; null only for what was stored before requests were signed.</summary>
    public string? Secret { get; set; }

    /// <summary>The secret before the last rotation.</summary>
    public string? PreviousSecret { get; set; }

    /// <summary>Until when <see cref="PreviousSecret"/> signs too.</summary>
    public DateTimeOffset? PreviousSecretExpiresAt { get; set; }
}

/// <summary>Who we are to a receiver.</summary>
internal sealed record WebhookAuth
{
    /// <summary>Where it is shown.</summary>
    [JsonRequired]
    public WebhookAuthType Type { get; set; }

    /// <summary>The user, or the name of the header or query parameter.</summary>
    public string Name { get; set; } = "";

    /// <summary>The password, token or key; never shown.</summary>
    [JsonRequired]
    public string Value { get; set; } = "";
}

/// <summary>The ways of authentication.</summary>
internal enum WebhookAuthType
{
    /// <summary><c>Authorization: Bearer</c> with the value.</summary>
    Bearer,

    /// <summary><c>Authorization: Basic</c> with name and value.</summary>
    Basic,

    /// <summary>A header.</summary>
    Header,

    /// <summary>A query parameter.</summary>
    Query,
}

/// <summary>How a receiver's certificate is judged.</summary>
internal sealed record WebhookTls
{
    /// <summary>The certificates (PEM) of the only authorities that are trusted; null for the machine's.</summary>
    public string? Ca { get; set; }

    /// <summary>
    /// The SHA-256 of the receiver's public key (DER of SubjectPublicKeyInfo), <c>sha256/BASE64</c>; one of them must be the receiver's. Without
    /// <see cref="Ca"/> that is all that is judged.
    /// </summary>
    public List<string> Pins { get; set; } = [];
}

/// <summary>What goes back to the device.</summary>
internal sealed record WebhookResponse
{
    /// <summary>The topic, with <c>{device}</c>, <c>{integration}</c> and <c>{name}</c>; below <c>devices/{device}/responses/</c>.</summary>
    public string Topic { get; set; } = "devices/{device}/responses/{integration}/{name}";

    /// <summary>How much of the body goes back, in bytes.</summary>
    public int MaxBytes { get; set; } = 64 * 1024;

    /// <summary>Whether failures go back too: the first failed attempt of an event, and its refusal for good.</summary>
    public bool Errors { get; set; }
}

/// <summary>The forms of a body.</summary>
internal enum WebhookBody
{
    /// <summary>The event in Holdfast's schema, or an array of events.</summary>
    Json,

    /// <summary>CloudEvents 1.0 in the structured mode, or a batch of them.</summary>
    CloudEvents,

    /// <summary>The event's fields as <c>application/x-www-form-urlencoded</c>.</summary>
    Form,

    /// <summary>The payload as it was published.</summary>
    Raw,

    /// <summary>A Mustache template over the event.</summary>
    Template,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
    AllowDuplicateProperties = false, Converters = [typeof(LowerCaseEnum<WebhookBody>), typeof(LowerCaseEnum<WebhookAuthType>), typeof(LowerCaseEnum<DeliveryOrder>)])]
[JsonSerializable(typeof(WebhookSettings))]
internal sealed partial class WebhookJson : JsonSerializerContext;
