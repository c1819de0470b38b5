using Holdfast.Broker.Calls;
using Holdfast.Broker.Sessions;
using Holdfast.Broker.Topics;
using Holdfast.Log.Records;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Connections;

/// <summary>Writes a logged message as a PUBLISH, from the log's memory straight into the connection's.</summary>
internal static class MessageWriter
{
    /// <summary>What a topic alias adds at most: the property, and a byte each for the lengths of the properties and of the packet.</summary>
    private const int AliasSize = 3 + 1 + 1;

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
        if (connection.Version != ProtocolVersion.Mqtt5 && !packet.Properties.IsEmpty && CallTopics.TryGetRequestId(packet.Topic, packet.Properties, out var requestId))
        {
            return TryWriteCommand(connection, packet, requestId);
        }

        return TryWritePacket(connection, packet);
    }

    /// <summary>Writes an acknowledgement.</summary>
    public static void Write(ClientConnection connection, AckPacket packet)
    {
        var place = connection.Output.BeginWrite(PacketEncoder.MaximumAckSize);
        var written = place.IsEmpty ? 0 : PacketEncoder.Write(packet, connection.Version, place);
        connection.Output.EndWrite(written);
    }

    /// <summary>
    /// MQTT 3.1.1 has no Response Topic: the request id goes to the end of the topic, from which the client makes the topic of its answer. Not when the client's
    /// subscription would not match that [MQTT-3.3.2-3].
    /// </summary>
    private static bool TryWriteCommand(ClientConnection connection, in PublishPacket packet, ReadOnlySpan<byte> requestId)
    {
        Span<byte> topic = new byte[packet.Topic.Length + 1 + requestId.Length];
        packet.Topic.CopyTo(topic);
        topic[packet.Topic.Length] = (byte)'/';
        requestId.CopyTo(topic[(packet.Topic.Length + 1)..]);
        var mine = packet;
        if (topic.Length <= TopicName.MaximumLength && connection.Subscribes(topic))
        {
            mine.Topic = topic;
        }

        return TryWritePacket(connection, mine);
    }

    private static bool TryWritePacket(ClientConnection connection, in PublishPacket packet)
    {
        var size = PacketEncoder.Measure(packet, connection.Version);
        if (size > connection.ClientMaximumPacketSize)
        {
            return false;
        }

        // An alias must not make a message too large that could be sent without.
        var aliases = OutboundAliases.IsWorth(packet.Topic) && size + AliasSize <= connection.ClientMaximumPacketSize ? connection.Aliases : null;
        var place = connection.Output.BeginWrite(aliases is null ? size : size + AliasSize);
        var written = 0;
        try
        {
            written = place.IsEmpty ? 0
                : aliases is null ? PacketEncoder.Write(packet, connection.Version, place)
                : WriteWithAlias(packet, aliases, place);
        }
        finally
        {
            // An output that stays locked would stop the delivery thread, and with it the node.
            connection.Output.EndWrite(written);
        }

        return true;
    }

    /// <summary>The first message of a topic sets its alias, those after it do without the topic. Inside the output's critical section.</summary>
    private static int WriteWithAlias(in PublishPacket packet, OutboundAliases aliases, Span<byte> place)
    {
        var mine = packet;
        mine.TopicAlias = aliases.Choose(packet.Topic, out var isSet);
        if (isSet)
        {
            mine.Topic = [];
        }

        var written = PacketEncoder.Write(mine, ProtocolVersion.Mqtt5, place);
        if (!isSet)
        {
            aliases.Set(mine.TopicAlias, packet.Topic);
        }

        return written;
    }

    private static uint? RemainingSeconds(long expiresAtMilliseconds, SessionServices services)
        => expiresAtMilliseconds == 0 ? null : (uint)Math.Clamp((expiresAtMilliseconds - services.NowMilliseconds + 999) / 1000, 1, uint.MaxValue);
}
