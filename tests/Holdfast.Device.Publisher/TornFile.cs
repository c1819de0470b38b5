using Holdfast.Device.Outbox;

namespace Holdfast.Device.Publisher;

/// <summary>A file of <see cref="TornFiles"/>: a write reaches every other sector at once, and the rest with the flush, which a kill may interrupt.</summary>
internal sealed class TornFile(Random random) : IOutboxFile
{
    private const int SectorBytes = 512;

    private readonly HashSet<long> _dirty = [];
    private byte[] _content = [];
    private IOutboxFile? _disk;

    public long Length { get; private set; }

    /// <summary>Whether the disk knows its name.</summary>
    public bool HasName => _disk is not null;

    public static TornFile Load(IOutboxFile disk, Random random)
    {
        var file = new TornFile(random) { _content = new byte[disk.Length], Length = disk.Length, _disk = disk };
        _ = disk.Read(file._content, 0);
        return file;
    }

    /// <summary>Its name has reached the disk, and so may its content.</summary>
    public void Name(IOutboxFile disk)
    {
        _disk = disk;
        WriteSectors(_dirty.Where(_ => random.Next(2) == 0).ToList());
    }

    public void Write(ReadOnlySpan<byte> bytes, long position)
    {
        var end = position + bytes.Length;
        if (end > _content.Length)
        {
            Array.Resize(ref _content, (int)end * 2);
        }

        Length = Math.Max(Length, end);
        bytes.CopyTo(_content.AsSpan((int)position));
        for (var sector = position / SectorBytes; sector * SectorBytes < end; sector++)
        {
            _dirty.Add(sector);
            if (_disk is not null && random.Next(2) == 0)
            {
                WriteSectors([sector]);
            }
        }
    }

    public int Read(Span<byte> destination, long position)
    {
        var count = (int)Math.Clamp(Length - position, 0, destination.Length);
        _content.AsSpan((int)Math.Min(position, Length), count).CopyTo(destination);
        return count;
    }

    public void SetLength(long length)
    {
        Array.Resize(ref _content, (int)length);
        Length = length;
        _dirty.RemoveWhere(sector => sector * SectorBytes >= length);
        if (random.Next(2) == 0)
        {
            _disk?.SetLength(length);
        }
    }

    public void Flush()
    {
        if (_disk is not null)
        {
            _disk.SetLength(Math.Min(_disk.Length, Length));
            var sectors = _dirty.ToArray();
            random.Shuffle(sectors);
            WriteSectors(sectors);
            _disk.Flush();
        }
    }

    public void Dispose() => _disk?.Dispose();

    private void WriteSectors(IEnumerable<long> sectors)
    {
        foreach (var sector in sectors)
        {
            var start = sector * SectorBytes;
            _disk!.Write(_content.AsSpan((int)start, (int)Math.Min(SectorBytes, Length - start)), start);
            _dirty.Remove(sector);
        }
    }
}
