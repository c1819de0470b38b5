using System.Buffers;

namespace Holdfast.Device.Outbox;

/// <summary>One file of a lane: events with consecutive sequences of one stream.</summary>
internal sealed class Segment(string name, IOutboxFile file, SegmentHeader header, long length) : IDisposable
{
    public string Name { get; } = name;

    public IOutboxFile File { get; } = file;

    public SegmentHeader Header { get; } = header;

    /// <summary>The last sequence in it; below the first one when there is none.</summary>
    public ulong Last { get; private set; } = header.First - 1;

    /// <summary>Bytes that are flushed; only those are read.</summary>
    public long Length { get; private set; } = length;

    /// <summary>What the scan found wrong: bytes after the last whole frame.</summary>
    public long DamagedBytes { get; private set; }

    /// <summary>The lane's position as of the newest frame that tells it.</summary>
    public (ulong Confirmed, ulong Dropped) Position { get; private set; } = (header.Confirmed, header.Dropped);

    public bool IsEmpty => Last < Header.First;

    /// <summary>Makes a segment whose header is flushed.</summary>
    public static Segment Create(IOutboxFiles files, string name, SegmentHeader header)
    {
        Span<byte> bytes = stackalloc byte[SegmentHeader.Size];
        header.Write(bytes);
        var file = files.Create(name);
        try
        {
            file.Write(bytes, 0);
            file.Flush();
            files.FlushNames();
            return new Segment(name, file, header, SegmentHeader.Size);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a segment and reads it through; null if it has no whole header.</summary>
    public static Segment? TryOpen(IOutboxFiles files, string name)
    {
        var file = files.Open(name);
        Span<byte> bytes = stackalloc byte[SegmentHeader.Size];
        if (file.Read(bytes, 0) < bytes.Length || SegmentHeader.Read(bytes) is not { } header)
        {
            file.Dispose();
            return null;
        }

        var segment = new Segment(name, file, header, SegmentHeader.Size);
        segment.Scan();
        return segment;
    }

    /// <summary>Writes whole frames behind the last ones and flushes them.</summary>
    /// <param name="frames">The frames.</param>
    /// <param name="last">The last sequence after them.</param>
    public void Append(ReadOnlySpan<byte> frames, ulong last)
    {
        File.Write(frames, Length);
        File.Flush();
        Length += frames.Length;
        Last = last;
    }

    /// <summary>Reads the body of the frame at a place; null at the end of what is flushed, or when the disk gives back something else than was written.</summary>
    /// <param name="position">The place; the one of the next frame afterwards.</param>
    /// <param name="buffer">Where the frame goes; replaced by a larger one when it is too small.</param>
    public ReadOnlySpan<byte> ReadBody(ref long position, ref byte[] buffer)
    {
        var count = File.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, Length - position)), position);
        if (count < Frame.HeadSize)
        {
            return default;
        }

        var size = Frame.BodyLength(buffer) + (long)Frame.HeadSize;
        if (size <= Frame.HeadSize || size > Length - position)
        {
            return default;
        }

        if (size > count)
        {
            buffer = size > buffer.Length ? new byte[size] : buffer;
            if (File.Read(buffer.AsSpan(0, (int)size), position) < size)
            {
                return default;
            }
        }

        if (!Frame.IsWhole(buffer.AsSpan(0, (int)size)))
        {
            return default;
        }

        position += size;
        return buffer.AsSpan(Frame.HeadSize, (int)size - Frame.HeadSize);
    }

    /// <summary>The events after this one cannot be read any more.</summary>
    public void LoseAfter(ulong sequence) => Last = Math.Min(Last, sequence);

    /// <summary>Cuts off what is damaged.</summary>
    public void CutDamage()
    {
        File.SetLength(Length);
        File.Flush();
    }

    public void Dispose() => File.Dispose();

    private void Scan()
    {
        Length = File.Length;
        long position = SegmentHeader.Size;
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        var scanned = buffer;
        while (true)
        {
            var next = position;
            var body = ReadBody(ref next, ref scanned);
            if (body.IsEmpty || (Frame.IsEvent(body) && Frame.ReadSequence(body) != Last + 1))
            {
                break;
            }

            if (body[0] == Frame.PositionKind)
            {
                Position = Frame.ReadPosition(body);
            }
            else
            {
                Last++;
            }

            position = next;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        (DamagedBytes, Length) = (Length - position, position);
    }
}
