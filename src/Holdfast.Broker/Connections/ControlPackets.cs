using System.Buffers;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Connections;

/// <summary>Writes the rare packets: each is encoded first, then put into the output in one piece.</summary>
internal static class ControlPackets
{
    /// <summary>Writes a CONNACK, without its reason if that does not fit. When even so it does not, the connection ends: nothing else may be sent.</summary>
    public static void Write(ClientConnection connection, ConnAckPacket packet)
    {
        // [MQTT-3.2.2-19] [MQTT-3.2.2-20] [MQTT-3.2.0-1]
        if (!TryWrite(connection, packet) && !TryWrite(connection, packet with { ReasonString = null, UserProperties = [] }))
        {
            connection.Output.Close();
        }
    }

    public static void Write(ClientConnection connection, SubscriptionAckPacket packet)
        => TryWrite(connection, packet, static (packet, version, bytes) => PacketEncoder.Write(packet, version, bytes));

    /// <summary>Writes a DISCONNECT, without its reason string if that does not fit [MQTT-3.14.2-3] [MQTT-3.14.2-4].</summary>
    public static void Write(ClientConnection connection, DisconnectPacket packet)
    {
        if (!TryWrite(connection, packet))
        {
            TryWrite(connection, packet with { ReasonString = null, UserProperties = [] });
        }
    }

    public static void WritePingResponse(ClientConnection connection)
        => TryWrite(connection, PacketType.PingResp, static (type, _, bytes) => PacketEncoder.WritePing(type, bytes));

    private static bool TryWrite(ClientConnection connection, ConnAckPacket packet)
        => TryWrite(connection, packet, static (packet, version, bytes) => PacketEncoder.Write(packet, version, bytes));

    private static bool TryWrite(ClientConnection connection, DisconnectPacket packet)
        => TryWrite(connection, packet, static (packet, version, bytes) => PacketEncoder.Write(packet, version, bytes));

    /// <summary>Writes a packet unless it is larger than the client accepts [MQTT-3.1.2-24].</summary>
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
