using System.Buffers.Binary;

namespace Holdfast.Crash.Processes;

/// <summary>The newest segment of a store that nobody has open, to be damaged as disks and power cuts do.</summary>
internal sealed class SegmentFile
{
    private const int Alignment = 8;
    private const int HeaderSize = 64;
    private const int BodyLengthAt = 12;
    private const int PositionAt = 20;

    private readonly string _path;
    private readonly int _used;

    private SegmentFile(string path, int used)
    {
        _path = path;
        _used = used;
    }

    public string Name => Path.GetFileName(_path);

    public static SegmentFile Newest(string data)
        => Directory.EnumerateFiles(data, "*.segment").OrderDescending(StringComparer.Ordinal).Select(Open).First(segment => segment._used > 0);

    /// <summary>Leaves behind the last, torn write: bytes after the last batch that was flushed.</summary>
    public void Tear(ReadOnlySpan<byte> torn)
    {
        using var file = File.OpenWrite(_path);
        file.Position = _used;
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

    /// <summary>Flips a bit in the header or the body of the batch in the middle; the padding after a body means nothing to anybody.</summary>
    public void FlipBit(Random random)
    {
        var bytes = File.ReadAllBytes(_path);
        var header = LastHeader(bytes.AsSpan(0, _used / 2));
        var position = header + random.Next(HeaderSize + BodyLength(bytes, header));
        var bit = random.Next(8);
        using var file = File.Open(_path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = position;
        var value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ (1 << bit)));
    }

    private static ReadOnlySpan<byte> Magic => "HFB1"u8;

    private static SegmentFile Open(string path) => new(path, EndOfLastBatch(File.ReadAllBytes(path)));

    /// <summary>The last non-zero byte would not do: a record may end with zeros.</summary>
    private static int EndOfLastBatch(ReadOnlySpan<byte> bytes)
    {
        var header = LastHeader(bytes);
        return header < 0 ? 0 : header + HeaderSize + ((BodyLength(bytes, header) + Alignment - 1) / Alignment * Alignment);
    }

    private static int LastHeader(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.LastIndexOf(Magic);
        while (at >= 0 && (bytes.Length - at < HeaderSize || BinaryPrimitives.ReadInt32LittleEndian(bytes[(at + PositionAt)..]) != at))
        {
            at = bytes[..at].LastIndexOf(Magic);
        }

        return at;
    }

    private static int BodyLength(ReadOnlySpan<byte> bytes, int header) => BinaryPrimitives.ReadInt32LittleEndian(bytes[(header + BodyLengthAt)..]);
}
