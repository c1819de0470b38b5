using System.Buffers;
using System.Text.Json;
using Holdfast.Broker.Events;
using Holdfast.Integrations.Delivery;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Webhooks.Forms;

/// <summary>Events in Holdfast's own schema.</summary>
internal sealed class JsonForm(bool asArray) : IEventForm
{
    private readonly ArrayBufferWriter<byte> _json = new();
    private readonly Utf8JsonWriter _writer = new(Stream.Null, EventWriter.WriterOptions);

    public string ContentType => "application/json";

    public EventBody Write(string id, in PublishRecord record)
    {
        _json.ResetWrittenCount();
        _writer.Reset(_json);
        EventWriter.Write(_writer, id, record);
        _writer.Flush();
        return new EventBody(_json.WrittenSpan.ToArray());
    }

    public ReadOnlyMemory<byte> Frame(IReadOnlyList<OutstandingEvent> events) => JsonFraming.Frame(events, asArray);

    public void Dispose() => _writer.Dispose();
}
