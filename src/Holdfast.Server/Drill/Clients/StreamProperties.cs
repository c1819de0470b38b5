using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Holdfast.Server.Drill.Clients;

/// <summary>The user properties that name an event through every resend, as bytes.</summary>
internal static class StreamProperties
{
    private const byte UserProperty = 0x26;

    /// <summary>Encodes them.</summary>
    /// <param name="stream">The random id of the outbox.</param>
    /// <param name="sequence">From 1.</param>
    public static byte[] Encode(string stream, long sequence)
        => [.. Property("hf-stream", stream), .. Property("hf-seq", sequence.ToString(CultureInfo.InvariantCulture))];

    private static byte[] Property(string name, string value) => [UserProperty, .. Text(name), .. Text(value)];

    private static byte[] Text(string text)
    {
        byte[] bytes = new byte[sizeof(ushort) + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)Encoding.UTF8.GetBytes(text, bytes.AsSpan(sizeof(ushort))));
        return bytes;
    }
}
