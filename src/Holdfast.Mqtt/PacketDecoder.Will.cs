using System.Text;
using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

public static partial class PacketDecoder
{
    private static bool TryReadWill(ref PacketReader reader, byte bits, ref ConnectPacket packet)
    {
        if ((bits & ConnectFlags.Will) == 0)
        {
            return true;
        }

        var will = new Will
        {
            Topic = "",
            Payload = default,
            QualityOfService = (QualityOfService)((bits & ConnectFlags.WillQualityOfService) >> ConnectFlags.WillQualityOfServiceShift),
            Retain = (bits & ConnectFlags.WillRetain) != 0,
        };
        if ((packet.Version == ProtocolVersion.Mqtt5 && !TryReadWillProperties(ref reader, ref will))
            || !TryReadWillTopic(ref reader, out var topic)
            || !reader.TryReadBinary(out var payload))
        {
            return false;
        }

        packet = packet with { Will = will with { Topic = topic, Payload = payload.ToArray() } };
        return true;
    }

    private static bool TryReadWillProperties(ref PacketReader reader, ref Will will)
    {
        if (!reader.TryReadVariableByteInteger(out var length) || !reader.TryReadBytes((int)length, out var encoded))
        {
            return false;
        }

        var properties = new PropertyReader(encoded, PropertySet.Will);
        while (properties.TryNext(out var property))
        {
            will = property.Identifier switch
            {
                PropertyIdentifier.WillDelayInterval => will with { DelaySeconds = property.Number },
                PropertyIdentifier.MessageExpiryInterval => will with { MessageExpirySeconds = property.Number },
                _ => will,
            };
        }

        if (properties.Failed)
        {
            return reader.Refuse(properties.Error);
        }

        var forwardable = new byte[encoded.Length];
        will = will with { Properties = forwardable.AsMemory(0, PropertyFilter.CopyForwardable(encoded, forwardable)) };
        return true;
    }

    private static bool TryReadWillTopic(ref PacketReader reader, out string topic)
    {
        topic = "";
        if (!reader.TryReadBinary(out var bytes))
        {
            return false;
        }

        if (bytes.IsEmpty)
        {
            return reader.Refuse(DecodeError.Protocol("The will topic is empty.", "MQTT-4.7.3-1"));
        }

        if (!Utf8Text.TryValidateTopicName(bytes, "MQTT-3.3.2-2", out var error))
        {
            return reader.Refuse(error);
        }

        topic = Encoding.UTF8.GetString(bytes);
        return true;
    }
}
