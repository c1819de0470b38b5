namespace Holdfast.Log.State.Sqlite;

/// <summary>An array of offsets as a compact blob: one LEB128 number each, so that small offsets take few bytes.</summary>
internal static class OffsetBlob
{
    private const int LongestNumber = 10;
    private const byte More = 0x80;

    public static byte[] Write(ReadOnlySpan<long> offsets)
    {
        var buffer = offsets.Length <= 64 ? stackalloc byte[offsets.Length * LongestNumber] : new byte[offsets.Length * LongestNumber];
        var length = 0;
        foreach (var offset in offsets)
        {
            var rest = (ulong)offset;
            for (; rest >= More; rest >>= 7)
            {
                buffer[length++] = (byte)(rest | More);
            }

            buffer[length++] = (byte)rest;
        }

        return buffer[..length].ToArray();
    }

    /// <exception cref="InvalidDataException">The last number is cut off, or one is too long.</exception>
    public static long[] Read(ReadOnlySpan<byte> blob)
    {
        var count = 0;
        foreach (var part in blob)
        {
            count += part < More ? 1 : 0;
        }

        var offsets = new long[count];
        var next = 0;
        var shift = 0;
        ulong number = 0;
        foreach (var part in blob)
        {
            if (shift >= LongestNumber * 7)
            {
                throw Damaged();
            }

            number |= (ulong)(part & ~More) << shift;
            shift += 7;
            if (part < More)
            {
                offsets[next++] = (long)number;
                (number, shift) = (0, 0);
            }
        }

        return shift == 0 ? offsets : throw Damaged();
    }

    private static InvalidDataException Damaged() => new("an array of offsets is damaged");
}
