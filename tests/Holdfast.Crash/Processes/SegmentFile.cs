namespace Holdfast.Crash.Processes;

/// <summary>The newest segment of a store that nobody has open, to be damaged as disks and power cuts do.</summary>
internal sealed class SegmentFile
{
    private const int Alignment = 8;

    private readonly string _path;
    private readonly int _used;

    private SegmentFile(string path, int used)
    {
        _path = path;
        _used = used;
    }

    public string Name => Path.GetFileName(_path);

    /// <summary>Bytes that hold something.</summary>
    public int Used => _used;

    public static SegmentFile Newest(string data)
        => Directory.EnumerateFiles(data, "*.segment").OrderDescending(StringComparer.Ordinal).Select(Open).First(segment => segment._used > 0);

    /// <summary>Leaves behind the last, torn write: bytes after the last batch that was flushed.</summary>
    public void Tear(ReadOnlySpan<byte> torn)
    {
        using var file = File.OpenWrite(_path);
        file.Position = (_used + Alignment - 1) / Alignment * Alignment;
        file.Write(torn);
    }

    /// <summary>The beginning of the file: whole batches, in the wrong place.</summary>
    public byte[] Beginning(int length)
    {
        using var file = File.OpenRead(_path);
        var bytes = new byte[Math.Min(length, _used)];
        file.ReadExactly(bytes);
        return bytes;
    }

    public void FlipBit(int position, int bit)
    {
        using var file = File.Open(_path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = position;
        var value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ (1 << bit)));
    }

    private static SegmentFile Open(string path) => new(path, File.ReadAllBytes(path).AsSpan().LastIndexOfAnyExcept((byte)0) + 1);
}
