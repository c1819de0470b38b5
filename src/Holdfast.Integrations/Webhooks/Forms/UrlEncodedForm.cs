using System.Globalization;
using System.Text;
using Holdfast.Broker.Events;
using Holdfast.Integrations.Delivery;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Webhooks.Forms;

/// <summary>The fields of an event as a web form sends them; a field that is unknown is left out.</summary>
internal sealed class UrlEncodedForm : IEventForm
{
    public string ContentType => "application/x-www-form-urlencoded";

    public EventBody Write(string id, in PublishRecord record)
    {
        var facts = EventFacts.Of(record);
        var text = new StringBuilder();
        Add(text, "id", id);
        Add(text, "product", Text(record.Product));
        Add(text, "device", Text(facts.Device));
        Add(text, "topic", Text(record.Topic));
        Add(text, "name", Text(facts.Name));
        var isBinary = facts.Encoding == PayloadEncoding.Base64;
        Add(text, "payload", isBinary ? Convert.ToBase64String(record.Payload) : Text(record.Payload), evenIfEmpty: true);
        Add(text, "payloadEncoding", isBinary ? "base64" : "string");
        Add(text, "contentType", Text(facts.ContentType));
        Add(text, "publishedAt", facts.PublishedAtMilliseconds is { } published ? Time(published) : "");
        Add(text, "receivedAt", Time(record.ReceivedAtMilliseconds));
        if (!record.Stream.IsEmpty)
        {
            Add(text, "stream", Text(record.Stream));
            Add(text, "sequence", record.Sequence.ToString(CultureInfo.InvariantCulture));
        }

        return new EventBody(Encoding.ASCII.GetBytes(text.ToString()));
    }

    public ReadOnlyMemory<byte> Frame(IReadOnlyList<OutstandingEvent> events) => events[0].Body.Bytes;

    public void Dispose()
    {
        // Holds nothing.
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private static string Time(long unixMilliseconds)
    {
        Span<byte> text = stackalloc byte[EventTime.FormattedLength];
        EventTime.Write(unixMilliseconds, text);
        return Encoding.ASCII.GetString(text);
    }

    private static void Add(StringBuilder text, string name, string value, bool evenIfEmpty = false)
    {
        if (value.Length > 0 || evenIfEmpty)
        {
            text.Append(text.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }
    }
}
