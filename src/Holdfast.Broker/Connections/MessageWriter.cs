using Holdfast.Broker.Sessions;
using Holdfast.Log.Records;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Connections;

/// <summary>Writes a logged message as a PUBLISH, from the log's memory straight into the connection's.</summary>
internal static class MessageWriter
{
    /// <summary>Writes a message.</summary>
    /// <returns>False when it is larger than the client accepts; it is then not sent [MQTT-3.1.2-24].</returns>
    public static bool TryWrite(ClientConnection connection, in PublishRecord record, in OutboundMessage message, ReadOnlySpan<uint> identifiers, SessionServices services)
    {
        var packet = new PublishPacket
        {
            Topic = record.Topic,
            Payload = record.Payload,
            Properties = record.Properties,
            QualityOfService = message.QualityOfService,
            PacketId = message.PacketId,
            Retain = message.RetainFlag,
            Duplicate = message.SentBefore && message.QualityOfService != QualityOfService.AtMostOnce,
            SubscriptionIdentifiers = identifiers,
            MessageExpirySeconds = RemainingSeconds(record.ExpiresAtMilliseconds, services),
        };
        return TryWrite(connection, packet);
    }

    /// <summary>Writes a packet.</summary>
    /// <returns>False when it is larger than the client accepts.</returns>
    public static bool TryWrite(ClientConnection connection, in PublishPacket packet)
    {
        var size = PacketEncoder.Measure(packet, connection.Version);
        if (size > connection.ClientMaximumPacketSize)
        {
            return false;
        }

        var place = connection.Output.BeginWrite(size);
        var written = 0;
        try
        {
            written = place.IsEmpty ? 0 : PacketEncoder.Write(packet, connection.Version, place);
        }
        finally
        {
            // An output that stays locked would stop the delivery thread, and with it the node.
            connection.Output.EndWrite(written);
        }

        return true;
    }

    /// <summary>Writes an acknowledgement.</summary>
    public static void Write(ClientConnection connection, AckPacket packet)
    {
        var place = connection.Output.BeginWrite(PacketEncoder.MaximumAckSize);
        var written = place.IsEmpty ? 0 : PacketEncoder.Write(packet, connection.Version, place);
        connection.Output.EndWrite(written);
    }

    private static uint? RemainingSeconds(long expiresAtMilliseconds, SessionServices services)
        => expiresAtMilliseconds == 0 ? null : (uint)Math.Clamp((expiresAtMilliseconds - services.NowMilliseconds + 999) / 1000, 1, uint.MaxValue);
}
