using Holdfast.Broker.Delivery;
using Holdfast.Broker.Topics;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>QoS 0 messages stay on their node: these tests are about sessions.</summary>
internal sealed class NoRelay : IDirectRelay
{
    public long NeededVersion => 0;

    public void Relay(ReadOnlySpan<byte> product, ReadOnlySpan<byte> publisher, in PublishPacket packet)
    {
    }

    public bool HasSubscriber(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic) => false;

    public void OnAdded(ReadOnlySpan<byte> product, TopicFilter filter)
    {
    }

    public void OnRemoved(ReadOnlySpan<byte> product, TopicFilter filter)
    {
    }
}
