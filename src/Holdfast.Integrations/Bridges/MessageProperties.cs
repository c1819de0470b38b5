using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Holdfast.Broker.Events;
using Holdfast.Mqtt.Packets;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Holdfast.Integrations.Bridges;

/// <summary>The MQTT 5 properties of a message, between the log's form and the client's.</summary>
internal static class MessageProperties
{
    /// <summary>The id of the event; the same whenever it is sent again.</summary>
    public const string IdProperty = "hf-id";

    /// <summary>A product that the message has left by a bridge: <c>{incarnation}/{product}</c>. It does not take it back.</summary>
    public const string ViaProperty = "hf-via";

    /// <summary>Puts stored properties on a message, but for an event id that another Holdfast gave it.</summary>
    public static void Apply(ReadOnlySpan<byte> stored, MqttApplicationMessage message)
    {
        message.UserProperties = [];
        var reader = new StoredProperties(stored);
        while (reader.MoveNext())
        {
            switch (reader.Identifier)
            {
                case StoredProperties.PayloadFormatIndicator:
                    message.PayloadFormatIndicator = (MqttPayloadFormatIndicator)reader.Value[0];
                    break;
                case StoredProperties.ContentType:
                    message.ContentType = Encoding.UTF8.GetString(reader.Value);
                    break;
                case StoredProperties.ResponseTopic:
                    message.ResponseTopic = Encoding.UTF8.GetString(reader.Value);
                    break;
                case StoredProperties.CorrelationData:
                    message.CorrelationData = reader.Value.ToArray();
                    break;
                case StoredProperties.UserProperty when !reader.Name.SequenceEqual("hf-id"u8):
                    message.UserProperties.Add(new MqttUserProperty(Encoding.UTF8.GetString(reader.Name), reader.Value.ToArray().AsMemory()));
                    break;
            }
        }
    }

    /// <summary>The properties of a received message that an event has no field for, as they are stored.</summary>
    public static ReadOnlyMemory<byte> Encode(MqttApplicationMessage message)
    {
        var encoded = new ArrayBufferWriter<byte>();
        if (message.PayloadFormatIndicator != MqttPayloadFormatIndicator.Unspecified)
        {
            encoded.Write([StoredProperties.PayloadFormatIndicator, (byte)message.PayloadFormatIndicator]);
        }

        if (message.ResponseTopic is { Length: > 0 } responseTopic)
        {
            Write(StoredProperties.ResponseTopic, Encoding.UTF8.GetBytes(responseTopic), encoded);
        }

        if (message.CorrelationData is { } correlation)
        {
            Write(StoredProperties.CorrelationData, correlation, encoded);
        }

        return encoded.WrittenMemory;
    }

    /// <summary>The user properties of a received message.</summary>
    public static IReadOnlyList<UserProperty> Read(IReadOnlyList<MqttUserProperty>? properties)
        => properties is null ? [] : [.. properties.Select(property => new UserProperty(property.Name, Encoding.UTF8.GetString(property.ValueBuffer.Span)))];

    private static void Write(byte identifier, ReadOnlySpan<byte> value, ArrayBufferWriter<byte> destination)
    {
        Span<byte> head = [identifier, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(head[1..], (ushort)value.Length);
        destination.Write(head);
        destination.Write(value);
    }
}
