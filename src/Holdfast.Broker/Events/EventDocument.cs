using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Events;

/// <summary>
/// The one schema of an event, wherever one leaves Holdfast as JSON. <see cref="EventWriter"/> writes it; this type is its description and
/// its reader. Every field is always present; what is unknown is null. Times are ISO 8601 in UTC with milliseconds.
/// </summary>
public sealed record EventDocument
{
    /// <summary>The event's id; opaque, never changed.</summary>
    public required string Id { get; init; }

    /// <summary>The product it belongs to.</summary>
    public required string Product { get; init; }

    /// <summary>The device id of a topic below <c>devices/{id}/</c>; else null.</summary>
    public string? Device { get; init; }

    /// <summary>The topic name.</summary>
    public required string Topic { get; init; }

    /// <summary>What stands below <c>devices/{id}/events/</c>; else the whole topic.</summary>
    public required string Name { get; init; }

    /// <summary>The application message, as <see cref="PayloadEncoding"/> says.</summary>
    public JsonElement Payload { get; init; }

    /// <summary>How <see cref="Payload"/> holds the message.</summary>
    public PayloadEncoding PayloadEncoding { get; init; }

    /// <summary>The MQTT 5 content type; null when the publisher gave none.</summary>
    public string? ContentType { get; init; }

    /// <summary>The device's own time, from the user property <c>hf-published-at</c>, see <see cref="EventTime"/>; else null.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>When Holdfast received it.</summary>
    public DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The deduplication stream; null when the publisher gave none.</summary>
    public string? Stream { get; init; }

    /// <summary>The sequence within <see cref="Stream"/>; null when the publisher gave none.</summary>
    public ulong? Sequence { get; init; }

    /// <summary>The MQTT 5 user properties, in order; a name may occur again.</summary>
    public IReadOnlyList<UserProperty> Properties { get; init; } = [];

    /// <summary>Reads an event.</summary>
    /// <param name="utf8Json">The JSON text in UTF-8.</param>
    /// <exception cref="JsonException">Not an event.</exception>
    public static EventDocument Parse(ReadOnlySpan<byte> utf8Json)
        => JsonSerializer.Deserialize(utf8Json, EventJson.Default.EventDocument)
            ?? throw new JsonException("The text is null, not an event.");

    /// <summary>The application message as it was published.</summary>
    public byte[] GetPayloadBytes() => PayloadEncoding switch
    {
        PayloadEncoding.Json => Encoding.UTF8.GetBytes(Payload.GetRawText()),
        PayloadEncoding.Base64 => Payload.GetBytesFromBase64(),
        _ => Encoding.UTF8.GetBytes(Payload.GetString() ?? ""),
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EventDocument))]
internal sealed partial class EventJson : JsonSerializerContext;
