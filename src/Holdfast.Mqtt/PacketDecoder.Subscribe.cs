using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketDecoder
{
    private const string SharedPrefix = "$share/";

    /// <summary>Decodes the body of a SUBSCRIBE.</summary>
    public static bool TryDecodeSubscribe(
        byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out SubscribePacket? packet, out DecodeError error)
    {
        var reader = new PacketReader(body);
        var valid = TryReadSubscribe(ref reader, flags, version, out packet);
        error = reader.Error;
        return valid;
    }

    private static bool TryReadSubscribe(ref PacketReader reader, byte flags, ProtocolVersion version, out SubscribePacket? packet)
    {
        packet = null;
        uint subscriptionIdentifier = 0;
        var userProperties = new List<UserProperty>();
        if (!TryReadFlags(ref reader, flags, 0b0010)
            || !reader.TryReadPacketId(out var packetId)
            || (version == ProtocolVersion.Mqtt5 && !TryReadSubscribeProperties(ref reader, userProperties, out subscriptionIdentifier)))
        {
            return false;
        }

        if (reader.Rest.IsEmpty)
        {
            return reader.Refuse(DecodeError.Protocol("A SUBSCRIBE names no topic filter.", "MQTT-3.8.3-2"));
        }

        var requests = new List<SubscriptionRequest>();
        while (!reader.Rest.IsEmpty)
        {
            if (!TryReadRequest(ref reader, version, out var request))
            {
                return false;
            }

            requests.Add(request);
        }

        packet = new SubscribePacket
        {
            PacketId = packetId,
            Requests = requests,
            SubscriptionIdentifier = subscriptionIdentifier,
            UserProperties = userProperties,
        };
        return true;
    }

    private static bool TryReadSubscribeProperties(ref PacketReader reader, List<UserProperty> userProperties, out uint subscriptionIdentifier)
    {
        subscriptionIdentifier = 0;
        if (!reader.TryReadProperties(PropertySet.Subscribe, out var properties))
        {
            return false;
        }

        while (properties.TryNext(out var property))
        {
            AddUserProperty(userProperties, property);
            if (property.Identifier == PropertyIdentifier.SubscriptionIdentifier)
            {
                subscriptionIdentifier = property.Number;
            }
        }

        return !properties.Failed || reader.Refuse(properties.Error);
    }

    private static bool TryReadRequest(ref PacketReader reader, ProtocolVersion version, out SubscriptionRequest request)
    {
        request = default;
        if (!reader.TryReadString(out var filter) || !reader.TryReadByte(out var options))
        {
            return false;
        }

        var quality = options & 0b11;
        if (version == ProtocolVersion.Mqtt311)
        {
            request = new SubscriptionRequest(filter, (QualityOfService)quality);
            return (quality != 3 && options >> 2 == 0)
                || reader.Refuse(DecodeError.Malformed("The requested QoS is no QoS, or a reserved bit is set.", "3.1.1 MQTT-3.8.3-4"));
        }

        if (options >> 6 != 0)
        {
            return reader.Refuse(DecodeError.Malformed("A reserved bit of the subscription options is set.", "MQTT-3.8.3-5"));
        }

        if (quality == 3)
        {
            return reader.Refuse(DecodeError.Protocol("The maximum QoS of a subscription is 3."));
        }

        request = new SubscriptionRequest(
            filter, (QualityOfService)quality, (options & 0x04) != 0, (options & 0x08) != 0, (byte)((options >> 4) & 0b11));
        if (request.RetainHandling == 3)
        {
            return reader.Refuse(DecodeError.Protocol("The retain handling of a subscription is 3."));
        }

        return !request.NoLocal || !filter.StartsWith(SharedPrefix, StringComparison.Ordinal)
            || reader.Refuse(DecodeError.Protocol("No Local is set on a shared subscription.", "MQTT-3.8.3-4"));
    }

    /// <summary>Decodes the body of an UNSUBSCRIBE.</summary>
    public static bool TryDecodeUnsubscribe(
        byte flags, ReadOnlySpan<byte> body, ProtocolVersion version, out UnsubscribePacket? packet, out DecodeError error)
    {
        var reader = new PacketReader(body);
        var valid = TryReadUnsubscribe(ref reader, flags, version, out packet);
        error = reader.Error;
        return valid;
    }

    private static bool TryReadUnsubscribe(ref PacketReader reader, byte flags, ProtocolVersion version, out UnsubscribePacket? packet)
    {
        packet = null;
        var userProperties = new List<UserProperty>();
        if (!TryReadFlags(ref reader, flags, 0b0010)
            || !reader.TryReadPacketId(out var packetId)
            || (version == ProtocolVersion.Mqtt5 && !TryReadUserProperties(ref reader, userProperties)))
        {
            return false;
        }

        if (reader.Rest.IsEmpty)
        {
            return reader.Refuse(DecodeError.Protocol("An UNSUBSCRIBE names no topic filter.", "MQTT-3.10.3-2"));
        }

        var filters = new List<string>();
        while (!reader.Rest.IsEmpty)
        {
            if (!reader.TryReadString(out var filter))
            {
                return false;
            }

            filters.Add(filter);
        }

        packet = new UnsubscribePacket { PacketId = packetId, Filters = filters, UserProperties = userProperties };
        return true;
    }

    private static bool TryReadUserProperties(ref PacketReader reader, List<UserProperty> userProperties)
    {
        if (!reader.TryReadProperties(PropertySet.Unsubscribe, out var properties))
        {
            return false;
        }

        while (properties.TryNext(out var property))
        {
            userProperties.Add(property.UserProperty);
        }

        return !properties.Failed || reader.Refuse(properties.Error);
    }
}
