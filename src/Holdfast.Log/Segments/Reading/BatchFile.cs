using Holdfast.Log.Batches;
using Holdfast.Log.Segments.Files;
using Holdfast.Log.Segments.Format;
using Holdfast.Log.Segments.Indexes;

namespace Holdfast.Log.Segments.Reading;

/// <summary>Reads batches from one segment file and verifies them. Small batches that lie close together are read with one call.</summary>
internal sealed class BatchFile(StoreFiles files, Segment segment) : IDisposable
{
    // Up to here a copy is cheaper than another call to the system.
    private const int LargestCopied = 64 * 1024;
    private const int LargestGap = 16 * 1024;
    private const int LargestWindow = 256 * 1024;

    private ISegmentFile? _file;
    private FileWindow? _window;

    /// <summary>Reads a batch.</summary>
    /// <param name="partition">Its partition.</param>
    /// <param name="entry">Its place.</param>
    /// <param name="upcoming">The batch after it that will be wanted by its place in a series, or null at the end of the series.</param>
    /// <returns>The batch, or null when it is damaged.</returns>
    /// <exception cref="FileNotFoundException">The segment was removed.</exception>
    public RecordBatch? TryRead(int partition, in BatchEntry entry, Func<int, BatchEntry?> upcoming)
    {
        _file ??= files.OpenSegment(segment);
        _window ??= new FileWindow(_file);
        var length = BatchHeader.Size + entry.BodyLength;
        try
        {
            return length > LargestCopied ? ReadAlone(partition, entry) : ReadFromWindow(partition, entry, length, upcoming);
        }
        catch (IOException)
        {
            // A sector that the disk cannot read is damage like any other.
            return null;
        }
    }

    public void Dispose()
    {
        _window?.Dispose();
        _file?.Dispose();
    }

    private RecordBatch? ReadAlone(int partition, in BatchEntry entry)
    {
        var header = _window!.Get(entry.Position, BatchHeader.Size, BatchHeader.Size);
        if (!IsHeaderOf(header, partition, entry, out var found))
        {
            return null;
        }

        var buffer = BatchBuffers.Rent(entry.BodyLength);
        var body = buffer.AsSpan(0, entry.BodyLength);
        if (_file!.Read(body, entry.Position + BatchHeader.Size) == body.Length && Crc32C.Of(body) == found.BodyChecksum)
        {
            return MakeBatch(found, buffer);
        }

        BatchBuffers.Return(buffer);
        return null;
    }

    private RecordBatch? ReadFromWindow(int partition, in BatchEntry entry, int length, Func<int, BatchEntry?> upcoming)
    {
        var readAhead = _window!.Holds(entry.Position, length) ? length : WindowLength(entry, length, upcoming);
        var bytes = _window.Get(entry.Position, length, readAhead);
        if (bytes.Length < length
            || !IsHeaderOf(bytes, partition, entry, out var header)
            || Crc32C.Of(bytes[BatchHeader.Size..]) != header.BodyChecksum)
        {
            return null;
        }

        var buffer = BatchBuffers.Rent(entry.BodyLength);
        bytes[BatchHeader.Size..].CopyTo(buffer);
        return MakeBatch(header, buffer);
    }

    private static int WindowLength(in BatchEntry entry, int length, Func<int, BatchEntry?> upcoming)
    {
        var end = entry.Position + length;
        for (var i = 1; upcoming(i) is { } next; i++)
        {
            var nextEnd = next.Position + BatchHeader.Size + next.BodyLength;
            if (next.Position - end > LargestGap || nextEnd - entry.Position > LargestWindow)
            {
                break;
            }

            end = Math.Max(end, nextEnd);
        }

        return end - entry.Position;
    }

    private bool IsHeaderOf(ReadOnlySpan<byte> bytes, int partition, in BatchEntry entry, out BatchHeader header)
    {
        header = default;
        return bytes.Length >= BatchHeader.Size
            && BatchHeader.TryRead(bytes, files.Salt, segment.Number, entry.Position, out header)
            && header.Partition == partition
            && header.BaseOffset == entry.BaseOffset
            && header.Count == entry.Count
            && header.BodyLength == entry.BodyLength;
    }

    private static RecordBatch MakeBatch(in BatchHeader header, byte[] buffer)
        => new(header.Partition, header.BaseOffset, header.Epoch, header.Count, header.LastReceivedAtMilliseconds, buffer, header.BodyLength);
}
