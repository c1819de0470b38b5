using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Holdfast.Broker.Events;
using Holdfast.Integrations.Delivery;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Webhooks.Forms;

/// <summary>Events as CloudEvents 1.0, in the structured content mode of its JSON format, or as a batch of them.</summary>
internal sealed class CloudEventsForm(bool asArray) : IEventForm
{
    /// <summary>What the type of every event begins with; its name follows.</summary>
    public const string TypePrefix = "holdfast.event.";

    private readonly ArrayBufferWriter<byte> _json = new();
    private readonly Utf8JsonWriter _writer = new(Stream.Null, EventWriter.WriterOptions);

    public string ContentType => asArray ? "application/cloudevents-batch+json" : "application/cloudevents+json";

    public EventBody Write(string id, in PublishRecord record)
    {
        _json.ResetWrittenCount();
        _writer.Reset(_json);
        var facts = EventFacts.Of(record);
        var product = Encoding.UTF8.GetString(record.Product);
        _writer.WriteStartObject();
        _writer.WriteString("specversion"u8, "1.0"u8);
        _writer.WriteString("id"u8, id);
        _writer.WriteString("source"u8, SourceOf(product, facts.Device));
        _writer.WriteString("type"u8, TypePrefix + Encoding.UTF8.GetString(facts.Name));
        _writer.WriteString("subject"u8, record.Topic);
        WriteTime("time"u8, facts.PublishedAtMilliseconds ?? record.ReceivedAtMilliseconds);
        WriteTime("receivedat"u8, record.ReceivedAtMilliseconds);
        _writer.WriteString("product"u8, product);
        if (!facts.Device.IsEmpty)
        {
            _writer.WriteString("device"u8, facts.Device);
        }

        if (!record.Stream.IsEmpty)
        {
            _writer.WriteString("stream"u8, record.Stream);
            _writer.WriteString("sequence"u8, record.Sequence.ToString(CultureInfo.InvariantCulture));
        }

        WriteData(record.Payload, facts);
        _writer.WriteEndObject();
        _writer.Flush();
        return new EventBody(_json.WrittenSpan.ToArray());
    }

    public ReadOnlyMemory<byte> Frame(IReadOnlyList<OutstandingEvent> events) => JsonFraming.Frame(events, asArray);

    public void Dispose() => _writer.Dispose();

    private static string SourceOf(string product, ReadOnlySpan<byte> device)
        => device.IsEmpty ? $"/products/{product}" : $"/products/{product}/devices/{Uri.EscapeDataString(Encoding.UTF8.GetString(device))}";

    private void WriteTime(ReadOnlySpan<byte> name, long unixMilliseconds)
    {
        Span<byte> text = stackalloc byte[EventTime.FormattedLength];
        EventTime.Write(unixMilliseconds, text);
        _writer.WriteString(name, text);
    }

    private void WriteData(ReadOnlySpan<byte> payload, in EventFacts facts)
    {
        var isText = facts.Encoding == PayloadEncoding.String;
        if (facts.ContentType.IsEmpty)
        {
            _writer.WriteString("datacontenttype"u8, isText ? "text/plain"u8 : "application/octet-stream"u8);
        }
        else
        {
            _writer.WriteString("datacontenttype"u8, facts.ContentType);
        }

        if (facts.Encoding == PayloadEncoding.Json)
        {
            _writer.WritePropertyName("data"u8);
            _writer.WriteRawValue(payload, skipInputValidation: true);
        }
        else if (isText && !facts.ContentType.EndsWith("json"u8))
        {
            _writer.WriteString("data"u8, payload);
        }
        else
        {
            // Text that says it is JSON and is not would be read as a JSON string.
            _writer.WriteBase64String("data_base64"u8, payload);
        }
    }
}
