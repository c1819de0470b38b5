using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Crash.Clients;

/// <summary>Counts PUBACKs that accept; everything else is unexpected.</summary>
internal sealed class CountingHandler(AcknowledgementCounter acknowledgements) : IPacketHandler
{
    public void OnAck(AckPacket packet)
    {
        if (packet.Type != PacketType.PubAck || packet.Reason >= ReasonCode.UnspecifiedError)
        {
            throw new InvalidDataException($"The server answered {packet}.");
        }

        acknowledgements.Add();
    }

    public void OnPublish(in PublishPacket packet) => throw new InvalidDataException("The server sent a PUBLISH.");

    public void OnSubscriptionAck(SubscriptionAckPacket packet) => throw new InvalidDataException("The server sent a SUBACK.");

    public void OnPingResponse()
    {
    }
}
