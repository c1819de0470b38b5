using System.Buffers;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Connections;

/// <summary>Writes the rare packets: each is encoded first, then put into the output in one piece.</summary>
internal static class ControlPackets
{
    public static void Write(ClientConnection connection, ConnAckPacket packet)
        => Write(connection, packet, static (packet, version, bytes) => PacketEncoder.Write(packet, version, bytes));

    public static void Write(ClientConnection connection, SubscriptionAckPacket packet)
        => Write(connection, packet, static (packet, version, bytes) => PacketEncoder.Write(packet, version, bytes));

    public static void Write(ClientConnection connection, DisconnectPacket packet)
        => Write(connection, packet, static (packet, version, bytes) => PacketEncoder.Write(packet, version, bytes));

    public static void WritePingResponse(ClientConnection connection)
        => Write(connection, PacketType.PingResp, static (type, _, bytes) => PacketEncoder.WritePing(type, bytes));

    private static void Write<TPacket>(ClientConnection connection, TPacket packet, Action<TPacket, ProtocolVersion, IBufferWriter<byte>> encode)
    {
        var bytes = new ArrayBufferWriter<byte>(64);
        encode(packet, connection.Version, bytes);
        if ((uint)bytes.WrittenCount > connection.ClientMaximumPacketSize)
        {
            // Only reason strings and user properties can be that long, and they are dropped first [MQTT-3.2.2-19] [MQTT-3.14.2-3].
            return;
        }

        var place = connection.Output.BeginWrite(bytes.WrittenCount);
        if (!place.IsEmpty)
        {
            bytes.WrittenSpan.CopyTo(place);
        }

        connection.Output.EndWrite(place.IsEmpty ? 0 : bytes.WrittenCount);
    }
}
