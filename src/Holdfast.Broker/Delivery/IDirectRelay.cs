using Holdfast.Broker.Subscriptions;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Delivery;

/// <summary>Takes QoS 0 messages to the subscribers on other nodes. It hears of this node's filters, so that the others send what may match.</summary>
public interface IDirectRelay : IFilterObserver
{
    /// <summary>Which version of this node's filters another node must know to know all of them. It grows when a filter is added, before that returns.</summary>
    long NeededVersion { get; }

    /// <summary>Sends a message to every node that may have a subscriber for it. It is dropped, and counted, towards a node that does not keep up.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="publisher">The publisher's client identifier in UTF-8.</param>
    /// <param name="packet">The message; it is copied.</param>
    void Relay(ReadOnlySpan<byte> product, ReadOnlySpan<byte> publisher, in PublishPacket packet);

    /// <summary>Whether another node has said that it has a subscriber for a topic.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="topic">A topic name in UTF-8.</param>
    bool HasSubscriber(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic);
}
