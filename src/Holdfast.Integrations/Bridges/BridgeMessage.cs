using System.Buffers.Binary;
using System.Text;

namespace Holdfast.Integrations.Bridges;

/// <summary>A message as it goes out by a bridge, in one piece of memory while it waits: <c>u8 retain | u16 length, topic | u32 length, properties | payload</c>.</summary>
/// <param name="Topic">The topic name there.</param>
/// <param name="Retain">Whether it is retained there.</param>
/// <param name="Properties">Its properties, as stored.</param>
/// <param name="Payload">The application message.</param>
internal readonly record struct BridgeMessage(string Topic, bool Retain, ReadOnlyMemory<byte> Properties, ReadOnlyMemory<byte> Payload)
{
    public static byte[] Write(string topic, bool retain, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> payload)
    {
        var topicLength = Encoding.UTF8.GetByteCount(topic);
        var written = new byte[1 + 2 + topicLength + 4 + properties.Length + payload.Length];
        written[0] = retain ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16BigEndian(written.AsSpan(1), (ushort)topicLength);
        Encoding.UTF8.GetBytes(topic, written.AsSpan(3));
        var rest = written.AsSpan(3 + topicLength);
        BinaryPrimitives.WriteInt32BigEndian(rest, properties.Length);
        properties.CopyTo(rest[4..]);
        payload.CopyTo(rest[(4 + properties.Length)..]);
        return written;
    }

    public static BridgeMessage Read(ReadOnlyMemory<byte> written)
    {
        var topicLength = BinaryPrimitives.ReadUInt16BigEndian(written.Span[1..]);
        var rest = written[(3 + topicLength)..];
        var propertiesLength = BinaryPrimitives.ReadInt32BigEndian(rest.Span);
        return new BridgeMessage(
            Encoding.UTF8.GetString(written.Span.Slice(3, topicLength)), written.Span[0] == 1, rest.Slice(4, propertiesLength), rest[(4 + propertiesLength)..]);
    }
}
