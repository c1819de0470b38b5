namespace Holdfast.Server.Devices;

/// <summary>Cuts bytes into lines. A line that is too long is cut into several.</summary>
internal sealed class LineBuffer
{
    /// <summary>The longest line in bytes; a node takes payloads of up to 256 kB.</summary>
    public const int MaximumLine = 128 * 1024;

    private readonly byte[] _bytes = new byte[MaximumLine];
    private int _start;
    private int _end;

    /// <summary>Where bytes are read to.</summary>
    public Memory<byte> Free => _bytes.AsMemory(_end);

    /// <summary>Whether a whole line is there.</summary>
    public bool HasLine => Filled.Contains((byte)'\n');

    private ReadOnlySpan<byte> Filled => _bytes.AsSpan(_start, _end - _start);

    /// <summary>Bytes were read.</summary>
    public void Add(int count) => _end += count;

    /// <summary>Takes a line.</summary>
    /// <param name="isEnd">Whether what is there is a line, although it has no end.</param>
    /// <param name="taken">The bytes of the line, its end included.</param>
    public byte[]? Take(bool isEnd, out int taken)
    {
        int length = Filled.IndexOf((byte)'\n');
        bool isWhole = length >= 0;
        if (!isWhole)
        {
            length = Filled.Length;
            if (length == 0 || (!isEnd && length < MaximumLine))
            {
                Compact();
                taken = 0;
                return null;
            }
        }

        byte[] line = Filled[..length].TrimEnd((byte)'\r').ToArray();
        taken = length + (isWhole ? 1 : 0);
        _start += taken;
        return line;
    }

    /// <summary>Forgets what is there.</summary>
    public void Clear() => (_start, _end) = (0, 0);

    private void Compact()
    {
        Filled.CopyTo(_bytes);
        (_start, _end) = (0, _end - _start);
    }
}
