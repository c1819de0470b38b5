using Holdfast.Log.Batches;

namespace Holdfast.Log.Segments.Writing;

/// <summary>
/// The newest committed batches, shared by reference with every reader. One thread adds; the oldest batches of the whole log go first when
/// the bound is reached. Readers of one partition do not disturb those of another.
/// </summary>
internal sealed class TailCache : IDisposable
{
    private readonly TailPartition[] _partitions;
    private readonly Queue<int> _order = new();
    private readonly long _maximumBytes;
    private long _bytes;

    public TailCache(int partitionCount, long maximumBytes)
    {
        _maximumBytes = maximumBytes;
        _partitions = new TailPartition[partitionCount];
        for (var i = 0; i < partitionCount; i++)
        {
            _partitions[i] = new TailPartition();
        }
    }

    /// <summary>Adds a batch with a reference of its own, and lets old ones go.</summary>
    public void Add(RecordBatch batch)
    {
        if (!batch.TryAddReference())
        {
            throw new ArgumentException($"Partition {batch.Partition}: the batch at {batch.BaseOffset} was released while it was appended.");
        }

        _partitions[batch.Partition].Add(batch);
        _order.Enqueue(batch.Partition);
        _bytes += batch.MemoryBytes;
        while (_bytes > _maximumBytes && _order.TryDequeue(out var oldest))
        {
            _bytes -= _partitions[oldest].RemoveOldest();
        }
    }

    /// <summary>The batches from an offset on, each with a reference; null when the one that holds the offset is not here.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="fromOffset">The offset.</param>
    /// <param name="committed">Where to stop.</param>
    /// <param name="maximumBytes">Stop after the batch that reaches this.</param>
    public List<RecordBatch>? TryRead(int partition, long fromOffset, long committed, int maximumBytes)
        => _partitions[partition].TryRead(fromOffset, committed, maximumBytes);

    /// <summary>The batch that begins at an offset, with a reference; null when it is not here.</summary>
    public RecordBatch? TryGet(int partition, long baseOffset)
    {
        var found = _partitions[partition].TryRead(baseOffset, long.MaxValue, maximumBytes: 0);
        if (found is null || found[0].BaseOffset == baseOffset)
        {
            return found?[0];
        }

        found[0].Release();
        return null;
    }

    public void Dispose()
    {
        while (_order.TryDequeue(out var oldest))
        {
            _partitions[oldest].RemoveOldest();
        }
    }
}
