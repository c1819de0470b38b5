using System.Text;
using Holdfast.Integrations.Delivery;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Bridges;

/// <summary>Events as MQTT messages with the topics of the other broker.</summary>
internal sealed class BridgeForm(BridgeSettings settings, string product) : IEventForm
{
    private readonly TopicMap _topics = new(settings.Outbound, product);

    public string ContentType => "";

    public EventBody Write(string id, in PublishRecord record)
        => _topics.TryMap(Encoding.UTF8.GetString(record.Topic), out var topic, out var problem)
            ? new EventBody(BridgeMessage.Write(topic, record.Retain && settings.Outbound.Retain, settings.IsVersion5 ? record.Properties : [], record.Payload))
            : new EventBody(default, null, problem);

    public ReadOnlyMemory<byte> Frame(IReadOnlyList<OutstandingEvent> events) => throw new NotSupportedException("A message is published by itself.");

    public void Dispose()
    {
        // Holds nothing.
    }
}
