namespace Holdfast.Mqtt.Wire;

/// <summary>The Variable Byte Integer (MQTT 5, 1.5.5): seven bits a byte, least significant first, at most four bytes.</summary>
internal static class VariableByteInteger
{
    /// <summary>The largest value: four bytes of seven bits.</summary>
    public const int Maximum = 268_435_455;

    /// <summary>Most bytes that a value takes.</summary>
    public const int MaximumSize = 4;

    /// <summary>Bytes that the value takes.</summary>
    public static int Measure(uint value) => value switch
    {
        < 1 << 7 => 1,
        < 1 << 14 => 2,
        < 1 << 21 => 3,
        _ => 4,
    };

    /// <summary>Writes the value in its shortest form.</summary>
    /// <returns>The bytes written.</returns>
    public static int Write(uint value, Span<byte> destination)
    {
        var length = 0;
        while (value >= 0x80)
        {
            destination[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[length++] = (byte)value;
        return length;
    }

    /// <summary>Reads a value. A longer form than necessary is malformed [MQTT-1.5.5-1].</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="value">The value, when complete.</param>
    /// <param name="length">The bytes that it took, when complete.</param>
    public static FrameStatus Read(ReadOnlySpan<byte> source, out uint value, out int length)
    {
        value = 0;
        for (length = 0; length < MaximumSize;)
        {
            if (length == source.Length)
            {
                return FrameStatus.Incomplete;
            }

            var part = source[length];
            value |= (uint)(part & 0x7F) << (7 * length);
            length++;
            if (part < 0x80)
            {
                return part == 0 && length > 1 ? FrameStatus.Malformed : FrameStatus.Complete;
            }
        }

        return FrameStatus.Malformed;
    }
}
