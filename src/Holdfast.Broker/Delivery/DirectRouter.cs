using Holdfast.Broker.Connections;
using Holdfast.Broker.Sessions;
using Holdfast.Log.Records;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Delivery;

/// <summary>Routes QoS 0 messages from their publisher's thread straight to the subscribers: no log, no queue.</summary>
internal sealed class DirectRouter(SessionServices services)
{
    /// <summary>Writes the message to every matching subscriber that reads, on this node and on others. Nothing is flushed.</summary>
    public void Route(in PublishPacket packet, Session publisher, TouchedOutputs touched)
    {
        Route(packet, publisher.ProductUtf8, publisher.ClientIdUtf8, touched);
        services.Relay?.Relay(publisher.ProductUtf8, publisher.ClientIdUtf8, packet);
    }

    /// <summary>Writes messages of another node to the subscribers of this one.</summary>
    /// <param name="records">Encoded publish records, one after the other.</param>
    public void Route(ReadOnlySpan<byte> records)
    {
        var touched = new TouchedOutputs();
        var now = services.NowMilliseconds;
        while (!records.IsEmpty)
        {
            var view = RecordView.ReadFirst(0, 0, records);
            records = records[view.Bytes.Length..];
            var record = PublishRecord.Read(view);
            var packet = new PublishPacket
            {
                Topic = record.Topic,
                Payload = record.Payload,
                Properties = record.Properties,
                MessageExpirySeconds = record.ExpiresAtMilliseconds == 0 ? null : (uint)Math.Max(1, (record.ExpiresAtMilliseconds - now) / 1000),
            };
            Route(packet, record.Product, record.Publisher, touched);
        }

        touched.Flush();
    }

    private void Route(in PublishPacket packet, ReadOnlySpan<byte> product, ReadOnlySpan<byte> publisher, TouchedOutputs touched)
    {
        foreach (ref readonly var match in services.Subscriptions.Match(product, packet.Topic).Subscribers)
        {
            match.Subscriber.DeliverDirect(packet, publisher, new DeliveryTerms(match), touched);
        }
    }
}
