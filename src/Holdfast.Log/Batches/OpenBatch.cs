namespace Holdfast.Log.Batches;

/// <summary>
/// The batch that is being filled: records are encoded straight into the buffer that is later written, cached and fanned out. For one thread
/// at a time. After <see cref="Seal"/> or <see cref="Clear"/> the builder is empty and can be filled again.
/// </summary>
public sealed class OpenBatch : IDisposable
{
    private readonly int _initialBytes;
    private byte[]? _buffer;

    /// <summary>Creates an empty builder. It rents its first buffer with the first record.</summary>
    /// <param name="initialBytes">The size of a fresh buffer in bytes; it grows by doubling.</param>
    public OpenBatch(int initialBytes = 64 * 1024)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(initialBytes);
        _initialBytes = initialBytes;
    }

    /// <summary>Bytes of the records so far.</summary>
    public int Bytes { get; private set; }

    /// <summary>Number of records so far.</summary>
    public int Count { get; private set; }

    /// <summary>The newest time of receipt so far, in Unix milliseconds; 0 while empty.</summary>
    public long LastReceivedAtMilliseconds { get; private set; }

    /// <summary>Adds one record and returns its place. The caller fills all of it before the next call; a larger buffer may replace this one then.</summary>
    /// <param name="size">The bytes of the whole record, at least <see cref="Records.RecordView.HeaderSize"/>.</param>
    /// <param name="receivedAtMilliseconds">The record's time of receipt, in Unix milliseconds.</param>
    public Span<byte> Reserve(int size, long receivedAtMilliseconds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, Records.RecordView.HeaderSize);
        var end = checked(Bytes + size);
        var buffer = _buffer;
        if (buffer is null || buffer.Length < end)
        {
            buffer = Grow(end);
        }

        var place = buffer.AsSpan(Bytes, size);
        LastReceivedAtMilliseconds = Count == 0 ? receivedAtMilliseconds : Math.Max(LastReceivedAtMilliseconds, receivedAtMilliseconds);
        Bytes = end;
        Count++;
        return place;
    }

    /// <summary>
    /// Makes the batch of the records so far and empties the builder. The batch takes the buffer over, unless that is mostly empty: a batch
    /// may live in a cache for long, so it then gets a buffer of its size, and the builder keeps the large one.
    /// </summary>
    /// <param name="partition">The partition.</param>
    /// <param name="baseOffset">The offset of the first record.</param>
    /// <param name="epoch">The epoch of the partition's owner.</param>
    /// <returns>The batch, with one reference that belongs to the caller.</returns>
    /// <exception cref="InvalidOperationException">There is no record.</exception>
    public RecordBatch Seal(int partition, long baseOffset, long epoch)
    {
        if (_buffer is null || Count == 0)
        {
            throw new InvalidOperationException("A batch without records cannot be sealed.");
        }

        var batch = new RecordBatch(partition, baseOffset, epoch, Count, LastReceivedAtMilliseconds, TakeBuffer(_buffer), Bytes);
        Clear();
        return batch;
    }

    /// <summary>Forgets the records so far and keeps the buffer.</summary>
    public void Clear()
    {
        Bytes = 0;
        Count = 0;
        LastReceivedAtMilliseconds = 0;
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        Clear();
        if (_buffer is not null)
        {
            BatchBuffers.Return(_buffer);
            _buffer = null;
        }
    }

    private byte[] TakeBuffer(byte[] buffer)
    {
        if (Bytes > buffer.Length / 2)
        {
            _buffer = null;
            return buffer;
        }

        var fitting = BatchBuffers.Rent(Bytes);
        buffer.AsSpan(0, Bytes).CopyTo(fitting);
        return fitting;
    }

    private byte[] Grow(int required)
    {
        var doubled = _buffer is null ? _initialBytes : (int)Math.Min(2L * _buffer.Length, Array.MaxLength);
        var larger = BatchBuffers.Rent(Math.Max(required, doubled));
        if (_buffer is not null)
        {
            _buffer.AsSpan(0, Bytes).CopyTo(larger);
            BatchBuffers.Return(_buffer);
        }

        return _buffer = larger;
    }
}
