namespace Holdfast.Mqtt.Tests.Oracle;

/// <summary>Takes bytes one by one and throws when there is none. Shares nothing with the codec, on purpose.</summary>
public sealed class SlowReader(IEnumerable<byte> bytes)
{
    private readonly Queue<byte> _bytes = new(bytes);

    public int Left => _bytes.Count;

    public int Byte() => _bytes.Count > 0 ? _bytes.Dequeue() : throw new RefusedException("too short");

    public int Two() => (Byte() * 256) + Byte();

    public long Four() => (Two() * 65536L) + Two();

    public int Variable()
    {
        var used = new List<int>();
        do
        {
            if (used.Count == 4)
            {
                throw new RefusedException("variable byte integer too long");
            }

            used.Add(Byte());
        }
        while (used[^1] >= 128);

        if (used.Count > 1 && used[^1] == 0)
        {
            throw new RefusedException("variable byte integer not minimal");
        }

        var value = 0;
        for (var i = used.Count - 1; i >= 0; i--)
        {
            value = (value * 128) + (used[i] % 128);
        }

        return value;
    }

    public byte[] Bytes(int count)
    {
        var taken = new List<byte>();
        for (var i = 0; i < count; i++)
        {
            taken.Add((byte)Byte());
        }

        return [.. taken];
    }

    public byte[] Binary() => Bytes(Two());

    public byte[] Text()
    {
        var text = Binary();
        RequireUtf8(text);
        return text;
    }

    public void End() => Require(Left == 0, "trailing bytes");

    public static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new RefusedException(what);
        }
    }

    /// <summary>The table of RFC 3629, written out, without U+0000.</summary>
    private static void RequireUtf8(byte[] text)
    {
        var i = 0;
        while (i < text.Length)
        {
            int first = text[i++];
            var (more, low, high) = first switch
            {
                >= 0x01 and <= 0x7F => (0, 0, 0),
                >= 0xC2 and <= 0xDF => (1, 0x80, 0xBF),
                0xE0 => (2, 0xA0, 0xBF),
                >= 0xE1 and <= 0xEC => (2, 0x80, 0xBF),
                0xED => (2, 0x80, 0x9F),
                0xEE or 0xEF => (2, 0x80, 0xBF),
                0xF0 => (3, 0x90, 0xBF),
                >= 0xF1 and <= 0xF3 => (3, 0x80, 0xBF),
                0xF4 => (3, 0x80, 0x8F),
                _ => throw new RefusedException("not UTF-8"),
            };
            for (var k = 0; k < more; k++)
            {
                Require(i < text.Length && text[i] >= low && text[i] <= high, "not UTF-8");
                (low, high) = (0x80, 0xBF);
                i++;
            }
        }
    }
}
