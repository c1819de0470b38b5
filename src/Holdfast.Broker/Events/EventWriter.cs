using System.Text.Encodings.Web;
using System.Text.Json;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Events;

/// <summary>Writes events in the schema of <see cref="EventDocument"/> straight from the log's records: no strings in between.</summary>
public static class EventWriter
{
    /// <summary>
    /// How deep a payload may nest to be embedded as JSON. Receivers' parsers commonly stop at 64 levels; the rest is room for what is around it.
    /// </summary>
    public const int MaximumJsonDepth = 60;

    private static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText Product = JsonEncodedText.Encode("product");
    private static readonly JsonEncodedText Device = JsonEncodedText.Encode("device");
    private static readonly JsonEncodedText Topic = JsonEncodedText.Encode("topic");
    private static readonly JsonEncodedText Name = JsonEncodedText.Encode("name");
    private static readonly JsonEncodedText Value = JsonEncodedText.Encode("value");
    private static readonly JsonEncodedText Payload = JsonEncodedText.Encode("payload");
    private static readonly JsonEncodedText Encoding = JsonEncodedText.Encode("payloadEncoding");
    private static readonly JsonEncodedText ContentType = JsonEncodedText.Encode("contentType");
    private static readonly JsonEncodedText PublishedAt = JsonEncodedText.Encode("publishedAt");
    private static readonly JsonEncodedText ReceivedAt = JsonEncodedText.Encode("receivedAt");
    private static readonly JsonEncodedText Stream = JsonEncodedText.Encode("stream");
    private static readonly JsonEncodedText Sequence = JsonEncodedText.Encode("sequence");
    private static readonly JsonEncodedText Properties = JsonEncodedText.Encode("properties");

    /// <summary>Options for a writer of events: text that is not ASCII stays readable; the result is JSON, never HTML.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes one event as a JSON object.</summary>
    /// <param name="writer">A writer at a place where a value may stand.</param>
    /// <param name="id">The event's id.</param>
    /// <param name="record">The message.</param>
    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<char> id, in PublishRecord record)
    {
        var facts = EventFacts.Of(record);
        writer.WriteStartObject();
        writer.WriteString(Id, id);
        writer.WriteString(Product, record.Product);
        WriteStringOrNull(writer, Device, facts.Device);
        writer.WriteString(Topic, record.Topic);
        writer.WriteString(Name, facts.Name);
        WritePayload(writer, record.Payload, facts.Encoding);
        WriteStringOrNull(writer, ContentType, facts.ContentType);
        WriteTimeOrNull(writer, PublishedAt, facts.PublishedAtMilliseconds);
        WriteTimeOrNull(writer, ReceivedAt, record.ReceivedAtMilliseconds);
        WriteStringOrNull(writer, Stream, record.Stream);
        if (record.Stream.IsEmpty)
        {
            writer.WriteNull(Sequence);
        }
        else
        {
            writer.WriteNumber(Sequence, record.Sequence);
        }

        WriteUserProperties(writer, record.Properties);
        writer.WriteEndObject();
    }

    private static void WritePayload(Utf8JsonWriter writer, ReadOnlySpan<byte> payload, PayloadEncoding encoding)
    {
        switch (encoding)
        {
            case PayloadEncoding.Json:
                writer.WritePropertyName(Payload);
                writer.WriteRawValue(payload, skipInputValidation: true);
                writer.WriteString(Encoding, "json"u8);
                break;
            case PayloadEncoding.String:
                writer.WriteString(Payload, payload);
                writer.WriteString(Encoding, "string"u8);
                break;
            default:
                writer.WriteBase64String(Payload, payload);
                writer.WriteString(Encoding, "base64"u8);
                break;
        }
    }

    private static void WriteUserProperties(Utf8JsonWriter writer, ReadOnlySpan<byte> properties)
    {
        writer.WriteStartArray(Properties);
        var reader = new StoredProperties(properties);
        while (reader.MoveNext())
        {
            if (reader.Identifier != StoredProperties.UserProperty)
            {
                continue;
            }

            writer.WriteStartObject();
            writer.WriteString(Name, reader.Name);
            writer.WriteString(Value, reader.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteStringOrNull(Utf8JsonWriter writer, JsonEncodedText name, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            writer.WriteNull(name);
        }
        else
        {
            writer.WriteString(name, value);
        }
    }

    private static void WriteTimeOrNull(Utf8JsonWriter writer, JsonEncodedText name, long? unixMilliseconds)
    {
        if (unixMilliseconds is not { } time)
        {
            writer.WriteNull(name);
            return;
        }

        Span<byte> text = stackalloc byte[EventTime.FormattedLength];
        EventTime.Write(time, text);
        writer.WriteString(name, text);
    }
}
