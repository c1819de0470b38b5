using System.Text.Json;
using System.Text.Json.Serialization;

namespace Holdfast.Integrations.Webhooks;

/// <summary>What a webhook needs besides its filter; stored as JSON.</summary>
/// <param name="Url">Where to post to.</param>
internal sealed record WebhookSettings([property: JsonRequired] string Url)
{
    public string ToJson() => JsonSerializer.Serialize(this, WebhookJson.Default.WebhookSettings);

    /// <exception cref="JsonException">Not the settings of a webhook.</exception>
    public static WebhookSettings Parse(string json)
        => JsonSerializer.Deserialize(json, WebhookJson.Default.WebhookSettings) ?? throw new JsonException("The settings are null.");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(WebhookSettings))]
internal sealed partial class WebhookJson : JsonSerializerContext;
