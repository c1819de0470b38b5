using Holdfast.Log.Records;

namespace Holdfast.Log.Batches;

/// <summary>
/// An immutable run of records of one partition: the unit of group commit, replication, reading and caching. Its memory is pooled and
/// counted: whoever holds one longer than the call that handed it over takes a reference, and releases it. A forgotten release costs the
/// pool a buffer, never correctness; a reference must not be used after its release.
/// </summary>
public sealed class RecordBatch
{
    private readonly byte[] _buffer;
    private readonly int _length;
    private int _references = 1;

    /// <summary>Takes ownership of the buffer with one reference.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="baseOffset">The offset of the first record.</param>
    /// <param name="epoch">The epoch of the partition's owner that made the batch.</param>
    /// <param name="count">The number of records, at least 1.</param>
    /// <param name="lastReceivedAtMilliseconds">The newest time of receipt in the batch, in Unix milliseconds.</param>
    /// <param name="buffer">A buffer rented from <see cref="BatchBuffers"/>.</param>
    /// <param name="length">How much of it the body uses.</param>
    public RecordBatch(int partition, long baseOffset, long epoch, int count, long lastReceivedAtMilliseconds, byte[] buffer, int length)
    {
        Partition = partition;
        BaseOffset = baseOffset;
        Epoch = epoch;
        Count = count;
        LastReceivedAtMilliseconds = lastReceivedAtMilliseconds;
        _buffer = buffer;
        _length = length;
    }

    /// <summary>The partition.</summary>
    public int Partition { get; }

    /// <summary>The offset of the first record.</summary>
    public long BaseOffset { get; }

    /// <summary>The offset after the last record.</summary>
    public long NextOffset => BaseOffset + Count;

    /// <summary>The epoch of the partition's owner that made the batch.</summary>
    public long Epoch { get; }

    /// <summary>The number of records.</summary>
    public int Count { get; }

    /// <summary>The newest time of receipt in the batch, in Unix milliseconds.</summary>
    public long LastReceivedAtMilliseconds { get; }

    /// <summary>The records, one after the other.</summary>
    public ReadOnlyMemory<byte> Body => _buffer.AsMemory(0, _length);

    /// <summary>Bytes of memory that the batch holds, which is more than its body: buffers come in sizes.</summary>
    internal int MemoryBytes => _buffer.Length;

    /// <summary>Takes a reference, unless the batch has been given back already.</summary>
    /// <returns>False when the memory may be in other use; the batch must then be read again.</returns>
    public bool TryAddReference()
    {
        while (true)
        {
            var current = Volatile.Read(ref _references);
            if (current == 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _references, current + 1, current) == current)
            {
                return true;
            }
        }
    }

    /// <summary>Gives a reference back. The last one returns the memory to the pool.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            BatchBuffers.Return(_buffer);
        }
    }

    /// <summary>Enumerates the records in the order of their offsets.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Walks over the records of a batch.</summary>
    public ref struct Enumerator
    {
        private readonly int _partition;
        private ReadOnlySpan<byte> _rest;
        private long _offset;
        private RecordView _current;

        internal Enumerator(RecordBatch batch)
        {
            _partition = batch.Partition;
            _rest = batch.Body.Span;
            _offset = batch.BaseOffset;
        }

        /// <summary>The record at this place.</summary>
        public readonly RecordView Current => _current;

        /// <summary>Goes to the next record.</summary>
        /// <returns>False behind the last one.</returns>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            _current = RecordView.ReadFirst(_partition, _offset++, _rest);
            _rest = _rest[_current.Bytes.Length..];
            return true;
        }
    }
}
