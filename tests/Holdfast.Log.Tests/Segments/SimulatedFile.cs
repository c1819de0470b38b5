namespace Holdfast.Log.Tests.Segments;

/// <summary>The bytes of a file on a <see cref="SimulatedDisk"/>: as the system sees them, and as the platters hold them.</summary>
internal sealed class SimulatedFile
{
    private const int SectorBytes = 512;
    private readonly List<PendingChange> _pending = [];
    private byte[] _durable = [];

    public byte[] Content { get; private set; } = [];

    public void Write(ReadOnlySpan<byte> bytes, long position)
    {
        Content = WithBytes(Content, bytes, (int)position);
        for (var done = 0; done < bytes.Length;)
        {
            var sectorRest = SectorBytes - (int)((position + done) % SectorBytes);
            var length = Math.Min(sectorRest, bytes.Length - done);
            _pending.Add(new PendingChange((int)position + done, bytes.Slice(done, length).ToArray(), null));
            done += length;
        }
    }

    public void SetLength(int length)
    {
        var content = Content;
        Array.Resize(ref content, length);
        Content = content;
        _pending.Add(new PendingChange(0, [], length));
    }

    public void Flush()
    {
        _durable = [.. Content];
        _pending.Clear();
    }

    /// <summary>Changes the platters behind everybody's back.</summary>
    public void Corrupt(Action<byte[]> change)
    {
        Flush();
        change(_durable);
        Content = [.. _durable];
    }

    /// <summary>The same file for another process: what is not flushed is still not flushed.</summary>
    public SimulatedFile Clone()
    {
        var file = new SimulatedFile { Content = Content, _durable = _durable };
        file._pending.AddRange(_pending);
        return file;
    }

    /// <summary>What is found after the power comes back: what was flushed, and of the rest some sectors, in no order.</summary>
    public SimulatedFile AfterPowerCut(Random random)
    {
        var survives = random.NextDouble();
        var content = _durable;
        foreach (var change in _pending.Where(_ => random.NextDouble() < survives))
        {
            if (change.Length is { } length)
            {
                content = [.. content];
                Array.Resize(ref content, length);
            }
            else
            {
                content = WithBytes(content, change.Bytes, change.Position);
            }
        }

        return new SimulatedFile { Content = [.. content], _durable = content };
    }

    private static byte[] WithBytes(byte[] content, ReadOnlySpan<byte> bytes, int position)
    {
        if (content.Length < position + bytes.Length)
        {
            Array.Resize(ref content, position + bytes.Length);
        }
        else
        {
            content = [.. content];
        }

        bytes.CopyTo(content.AsSpan(position));
        return content;
    }

    private sealed record PendingChange(int Position, byte[] Bytes, int? Length);
}
