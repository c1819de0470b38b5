using System.Net.Http.Headers;
using System.Text;
using Holdfast.Broker.Events;
using Holdfast.Integrations.Delivery;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Webhooks.Forms;

/// <summary>The payload as it was published, with the media type that the webhook or else the publisher gives it.</summary>
internal sealed class RawForm(string? contentType) : IEventForm
{
    public string ContentType => contentType ?? "application/octet-stream";

    public EventBody Write(string id, in PublishRecord record)
    {
        var given = contentType is null ? Encoding.UTF8.GetString(EventFacts.Of(record).ContentType) : "";
        return new EventBody(record.Payload.ToArray(), MediaTypeHeaderValue.TryParse(given, out _) ? given : null);
    }

    public ReadOnlyMemory<byte> Frame(IReadOnlyList<OutstandingEvent> events) => events[0].Body.Bytes;

    public void Dispose()
    {
        // Holds nothing.
    }
}
