using Holdfast.Broker.Connections;
using Holdfast.Broker.Sessions;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Delivery;

/// <summary>Routes QoS 0 messages from their publisher's thread straight to the subscribers: no log, no queue.</summary>
internal sealed class DirectRouter(SessionServices services)
{
    /// <summary>Writes the message to every matching subscriber that reads. Nothing is flushed.</summary>
    public void Route(in PublishPacket packet, Session publisher, TouchedOutputs touched)
    {
        foreach (ref readonly var match in services.Subscriptions.Match(publisher.ProductUtf8, packet.Topic).Subscribers)
        {
            match.Subscriber.DeliverDirect(packet, publisher.ClientIdUtf8, new DeliveryTerms(match), touched);
        }
    }
}
