using System.Buffers;
using MQTTnet;

namespace Holdfast.Server.Clients;

/// <summary>A message that <c>sub</c> received.</summary>
/// <param name="Message">The message.</param>
/// <param name="PacketId">The packet identifier; 0 at QoS 0.</param>
/// <param name="ReceivedAt">When it arrived.</param>
internal sealed record ReceivedMessage(MqttApplicationMessage Message, ushort PacketId, DateTimeOffset ReceivedAt)
{
    /// <summary>The payload.</summary>
    public byte[] Payload { get; } = Message.Payload.ToArray();
}
