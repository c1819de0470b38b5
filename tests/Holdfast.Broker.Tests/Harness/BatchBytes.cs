using System.Text;

namespace Holdfast.Broker.Tests.Harness;

/// <summary>Writes a batch as a device does, field by field, also wrong ones.</summary>
internal sealed class BatchBytes
{
    private readonly List<byte> _bytes = [0xC5, (byte)'H', (byte)'F', (byte)'B'];

    /// <summary>A batch whose events are all named.</summary>
    public static byte[] Of(string stream, ulong first, params IEnumerable<(string Name, string Payload)> events)
    {
        var batch = new BatchBytes().Head(stream, first, 0);
        foreach (var (name, payload) in events)
        {
            batch.Byte(1).Text(name).Payload(payload);
        }

        return batch.ToArray();
    }

    public BatchBytes Head(string stream, ulong first, ulong time) => Byte(1).Text(stream).Number(first).Number(time);

    public BatchBytes Byte(byte value)
    {
        _bytes.Add(value);
        return this;
    }

    public BatchBytes Text(string text)
    {
        _bytes.Add((byte)Encoding.UTF8.GetByteCount(text));
        _bytes.AddRange(Encoding.UTF8.GetBytes(text));
        return this;
    }

    public BatchBytes Payload(string text)
    {
        Number((ulong)Encoding.UTF8.GetByteCount(text));
        _bytes.AddRange(Encoding.UTF8.GetBytes(text));
        return this;
    }

    public BatchBytes Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes.Add((byte)(value | 0x80));
        }

        _bytes.Add((byte)value);
        return this;
    }

    public byte[] ToArray() => [.. _bytes];
}
