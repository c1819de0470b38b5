using System.Text.Json.Serialization;

namespace Holdfast.Broker.Events;

/// <summary>How <see cref="EventDocument.Payload"/> holds the application message.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PayloadEncoding>))]
public enum PayloadEncoding
{
    /// <summary>A JSON string with the payload's text: the payload is valid UTF-8.</summary>
    [JsonStringEnumMemberName("string")]
    String,

    /// <summary>The payload itself, embedded: its content type says JSON and it parses.</summary>
    [JsonStringEnumMemberName("json")]
    Json,

    /// <summary>A JSON string in base64 (RFC 4648, section 4): everything else.</summary>
    [JsonStringEnumMemberName("base64")]
    Base64,
}
