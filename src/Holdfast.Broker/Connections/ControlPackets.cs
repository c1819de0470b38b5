using System.Buffers;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Connections;

/// <summary>Writes the rare packets: each is encoded first, then put into the output in one piece.</summary>
internal static class ControlPackets
{
    public static void Write(ClientConnection connection, ConnAckPacket packet)
    {
        // A reason string that would be too much for the client is left out [MQTT-3.2.2-19].
        if (!TryWrite(connection, packet, Encode))
        {
            TryWrite(connection, packet with { ReasonString = null }, Encode);
        }

        static void Encode(ConnAckPacket packet, ProtocolVersion version, IBufferWriter<byte> bytes) => PacketEncoder.Write(packet, version, bytes);
    }

    public static void Write(ClientConnection connection, SubscriptionAckPacket packet)
        => TryWrite(connection, packet, static (packet, version, bytes) => PacketEncoder.Write(packet, version, bytes));

    public static void Write(ClientConnection connection, DisconnectPacket packet)
    {
        // As above [MQTT-3.14.2-3].
        if (!TryWrite(connection, packet, Encode))
        {
            TryWrite(connection, packet with { ReasonString = null }, Encode);
        }

        static void Encode(DisconnectPacket packet, ProtocolVersion version, IBufferWriter<byte> bytes) => PacketEncoder.Write(packet, version, bytes);
    }

    public static void WritePingResponse(ClientConnection connection)
        => TryWrite(connection, PacketType.PingResp, static (type, _, bytes) => PacketEncoder.WritePing(type, bytes));

    /// <returns>False when it is larger than the client accepts; it is then not sent.</returns>
    private static bool TryWrite<TPacket>(ClientConnection connection, TPacket packet, Action<TPacket, ProtocolVersion, IBufferWriter<byte>> encode)
    {
        var bytes = new ArrayBufferWriter<byte>(64);
        encode(packet, connection.Version, bytes);
        if ((uint)bytes.WrittenCount > connection.ClientMaximumPacketSize)
        {
            return false;
        }

        var place = connection.Output.BeginWrite(bytes.WrittenCount);
        if (!place.IsEmpty)
        {
            bytes.WrittenSpan.CopyTo(place);
        }

        connection.Output.EndWrite(place.IsEmpty ? 0 : bytes.WrittenCount);
        return true;
    }
}
