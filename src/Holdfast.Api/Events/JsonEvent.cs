using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Holdfast.Api.Requests;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Api.Events;

/// <summary>An event given as a JSON object: the fields of the event schema that a publisher may set.</summary>
internal static class JsonEvent
{
    /// <summary>What a JSON object may have beside its payload, in bytes.</summary>
    private const int EnvelopeBytes = 64 * 1024;

    /// <summary>The largest JSON object of an event, in bytes: base64 and escaped characters make a payload longer.</summary>
    public static int MaximumBytes(int maximumPayloadBytes) => (2 * maximumPayloadBytes) + EnvelopeBytes;

    public static Parsed<EventDraft> Parse(string product, ReadOnlyMemory<byte> body, SequenceHeaders headers)
        => JsonFields.Parse(body).IsValid(out var fields, out var problem) ? Parse(product, fields, headers) : problem;

    public static Parsed<EventDraft> Parse(string product, JsonFields fields, SequenceHeaders headers)
    {
        var (payload, isJson) = ReadPayload(fields);
        var draft = new EventDraft
        {
            Product = product,
            Topic = fields.String("topic"),
            Device = fields.String("device"),
            Name = fields.String("name"),
            Payload = payload,
            ContentType = fields.String("contentType") ?? (isJson ? "application/json" : null),
            Retain = fields.Boolean("retain") ?? false,
            QualityOfService = (int)(fields.Integer("qos", maximum: 2) ?? 1),
            ExpirySeconds = (uint?)fields.Integer("expirySeconds", uint.MaxValue),
            Stream = fields.String("stream") ?? headers.Stream,
            Sequence = fields.Integer("sequence", ulong.MaxValue) ?? headers.Sequence,
            Properties = ReadProperties(fields),
        };
        fields.RefuseUnknown();
        return fields.Problem is null ? draft : fields.Problem;
    }

    private static (byte[] Payload, bool IsJson) ReadPayload(JsonFields fields)
    {
        var encoding = fields.String("payloadEncoding");
        if (fields.Any("payload") is not { } payload)
        {
            fields.Refuse("payload", "is missing; for an empty payload give \"\"");
            return ([], false);
        }

        switch (encoding ?? (payload.ValueKind == JsonValueKind.String ? "string" : "json"))
        {
            case "string" when JsonFields.TextOf(payload) is { } text:
                return (Encoding.UTF8.GetBytes(text), false);
            case "base64" when payload.ValueKind == JsonValueKind.String && payload.TryGetBytesFromBase64(out var bytes):
                return (bytes, false);
            case "json" when encoding is not null || payload.ValueKind != JsonValueKind.Null:
                return (JsonMarshal.GetRawUtf8Value(payload).ToArray(), true);
            case "json":
                fields.Refuse("payload", "is null; give \"\" for an empty payload, or payloadEncoding \"json\" for the JSON text null");
                break;
            case "string" or "base64":
                fields.Refuse("payload", $"must be a string in the encoding '{encoding ?? "string"}', not {JsonFields.Describe(payload)}");
                break;
            default:
                fields.Refuse("payloadEncoding", $"must be \"string\", \"json\" or \"base64\", not \"{encoding}\"");
                break;
        }

        return ([], false);
    }

    private static List<UserProperty> ReadProperties(JsonFields fields)
    {
        var properties = new List<UserProperty>();
        if (fields.Any("properties") is not { ValueKind: not JsonValueKind.Null } list)
        {
            return properties;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            fields.Refuse("properties", "must be an array of objects with 'name' and 'value'");
            return properties;
        }

        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Object && item.GetPropertyCount() == 2
                && item.TryGetProperty("name", out var name) && JsonFields.TextOf(name) is { } nameText
                && item.TryGetProperty("value", out var value) && JsonFields.TextOf(value) is { } valueText)
            {
                properties.Add(new UserProperty(nameText, valueText));
            }
            else
            {
                fields.Refuse("properties", $"has at index {properties.Count} something else than an object with the strings 'name' and 'value'");
                break;
            }
        }

        return properties;
    }
}
