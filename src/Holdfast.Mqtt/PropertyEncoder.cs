using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Mqtt;

/// <summary>Encodes properties for a PUBLISH that did not come over MQTT.</summary>
public static class PropertyEncoder
{
    private const byte ContentTypeIdentifier = 0x03;
    private const byte ResponseTopicIdentifier = 0x08;
    private const byte CorrelationDataIdentifier = 0x09;
    private const byte UserPropertyIdentifier = 0x26;

    /// <summary>Writes a content type and user properties as in <see cref="PublishPacket.Properties"/>.</summary>
    /// <param name="contentType">The content type, or null.</param>
    /// <param name="userProperties">The user properties, in order.</param>
    /// <param name="destination">Takes the bytes.</param>
    public static void Write(string? contentType, IReadOnlyList<UserProperty> userProperties, IBufferWriter<byte> destination)
    {
        if (contentType is not null)
        {
            WriteByte(ContentTypeIdentifier, destination);
            WriteText(contentType, destination);
        }

        foreach (var property in userProperties)
        {
            WriteByte(UserPropertyIdentifier, destination);
            WriteText(property.Name, destination);
            WriteText(property.Value, destination);
        }
    }

    /// <summary>Writes where a request is to be answered, and what the answer is to carry, as in <see cref="PublishPacket.Properties"/>.</summary>
    /// <param name="responseTopic">The Response Topic.</param>
    /// <param name="correlationData">The Correlation Data.</param>
    /// <param name="destination">Takes the bytes.</param>
    public static void WriteRequest(string responseTopic, ReadOnlySpan<byte> correlationData, IBufferWriter<byte> destination)
    {
        WriteByte(ResponseTopicIdentifier, destination);
        WriteText(responseTopic, destination);
        WriteByte(CorrelationDataIdentifier, destination);
        var place = destination.GetSpan(correlationData.Length + 2);
        BinaryPrimitives.WriteUInt16BigEndian(place, (ushort)correlationData.Length);
        correlationData.CopyTo(place[2..]);
        destination.Advance(correlationData.Length + 2);
    }

    private static void WriteByte(byte value, IBufferWriter<byte> destination)
    {
        destination.GetSpan(1)[0] = value;
        destination.Advance(1);
    }

    private static void WriteText(string text, IBufferWriter<byte> destination)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, ushort.MaxValue, nameof(text));
        var place = destination.GetSpan(length + 2);
        BinaryPrimitives.WriteUInt16BigEndian(place, (ushort)length);
        Encoding.UTF8.GetBytes(text, place[2..]);
        destination.Advance(length + 2);
    }
}
