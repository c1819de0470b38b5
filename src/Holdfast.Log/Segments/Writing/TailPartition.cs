using Holdfast.Log.Batches;

namespace Holdfast.Log.Segments.Writing;

/// <summary>The newest batches of one partition: a ring, in the order of offsets and without holes.</summary>
internal sealed class TailPartition
{
    private const int InitialCapacity = 16;
    private readonly Lock _lock = new();
    private RecordBatch?[] _ring = new RecordBatch?[InitialCapacity];
    private int _head;
    private int _count;

    public void Add(RecordBatch batch)
    {
        lock (_lock)
        {
            if (_count == _ring.Length)
            {
                var larger = new RecordBatch?[_ring.Length * 2];
                for (var i = 0; i < _count; i++)
                {
                    larger[i] = At(i);
                }

                _ring = larger;
                _head = 0;
            }

            _ring[(_head + _count) % _ring.Length] = batch;
            _count++;
        }
    }

    /// <summary>Releases the oldest batch.</summary>
    /// <returns>The memory it held, in bytes.</returns>
    public int RemoveOldest()
    {
        RecordBatch oldest;
        lock (_lock)
        {
            oldest = At(0);
            _ring[_head] = null;
            _head = (_head + 1) % _ring.Length;
            _count--;
        }

        var bytes = oldest.MemoryBytes;
        oldest.Release();
        return bytes;
    }

    /// <inheritdoc cref="TailCache.TryRead"/>
    public List<RecordBatch>? TryRead(long fromOffset, long committed, int maximumBytes)
    {
        lock (_lock)
        {
            if (_count == 0 || fromOffset < At(0).BaseOffset || fromOffset >= At(_count - 1).NextOffset)
            {
                return null;
            }

            var found = new List<RecordBatch>();
            long bytes = 0;
            for (var i = Find(fromOffset); i < _count && At(i).BaseOffset < committed; i++)
            {
                var batch = At(i);
                if (!batch.TryAddReference())
                {
                    break;
                }

                found.Add(batch);
                bytes += batch.Body.Length;
                if (bytes >= maximumBytes)
                {
                    break;
                }
            }

            return found.Count == 0 ? null : found;
        }
    }

    private RecordBatch At(int index) => _ring[(_head + index) % _ring.Length]!;

    private int Find(long offset)
    {
        var low = 0;
        var high = _count - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (At(middle).NextOffset <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
