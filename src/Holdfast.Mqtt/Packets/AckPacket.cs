namespace Holdfast.Mqtt.Packets;

/// <summary>A PUBACK, PUBREC, PUBREL or PUBCOMP. Reason string and user properties are validated when read, and not kept.</summary>
/// <param name="Type">Which of the four.</param>
/// <param name="PacketId">The packet identifier, never 0.</param>
/// <param name="Reason">The reason code; always success in MQTT 3.1.1.</param>
public readonly record struct AckPacket(PacketType Type, ushort PacketId, ReasonCode Reason);
