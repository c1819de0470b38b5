using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Segments.Writing;

namespace Holdfast.Log.Postgres.Reading;

/// <summary>
/// The newest committed batches of each partition, whoever has committed them, and the one that was read last: readers that follow closely, or go through a batch message by message, ask the
/// database for nothing.
/// </summary>
/// <param name="partitionCount">The number of partitions.</param>
/// <param name="bytesOfPartition">How much is kept of each; 0 for nothing.</param>
internal sealed class RecentBatches(int partitionCount, int bytesOfPartition) : IDisposable
{
    private readonly Partition[] _partitions = [.. Enumerable.Range(0, partitionCount).Select(_ => new Partition(bytesOfPartition))];

    /// <summary>Keeps a committed batch.</summary>
    public void Add(RecordBatch batch) => _partitions[batch.Partition].Add(batch);

    /// <summary>Keeps the last batch of what was read from the database.</summary>
    public void Note(LogRead read)
    {
        if (read.Batches.Count > 0)
        {
            _partitions[read.Batches[^1].Partition].Note(read.Batches[^1]);
        }
    }

    /// <summary>What is kept from an offset on; null when the batch that holds it is not here.</summary>
    public LogRead? TryRead(int partition, long fromOffset, long committed, int maximumBytes) => _partitions[partition].TryRead(fromOffset, committed, maximumBytes);

    /// <summary>Keeps nothing of a partition.</summary>
    public void Forget(int partition) => _partitions[partition].Clear();

    public void Dispose() => Array.ForEach(_partitions, partition => partition.Clear());

    private sealed class Partition(int maximumBytes)
    {
        private readonly Lock _lock = new();
        private readonly TailPartition _tail = new();
        private RecordBatch? _lastRead;
        private long _next;
        private int _count;
        private long _bytes;

        public void Add(RecordBatch batch)
        {
            lock (_lock)
            {
                if (maximumBytes == 0 || (_count > 0 && batch.NextOffset <= _next))
                {
                    return;
                }

                if (batch.BaseOffset != _next)
                {
                    // The tail has no holes.
                    RemoveAll();
                }

                if (!batch.TryAddReference())
                {
                    return;
                }

                _tail.Add(batch);
                _count++;
                _bytes += batch.MemoryBytes;
                _next = batch.NextOffset;
                while (_bytes > maximumBytes && _count > 1)
                {
                    _bytes -= _tail.RemoveOldest();
                    _count--;
                }
            }
        }

        public void Note(RecordBatch batch)
        {
            lock (_lock)
            {
                if (maximumBytes > 0 && _lastRead != batch && batch.TryAddReference())
                {
                    _lastRead?.Release();
                    _lastRead = batch;
                }
            }
        }

        public LogRead? TryRead(long fromOffset, long committed, int wantedBytes)
        {
            lock (_lock)
            {
                if (_tail.TryRead(fromOffset, committed, wantedBytes) is { } found)
                {
                    return new LogRead { Batches = found, NextOffset = Math.Min(found[^1].NextOffset, committed) };
                }

                return _lastRead is { } last && last.BaseOffset <= fromOffset && fromOffset < last.NextOffset && wantedBytes <= last.Body.Length && last.TryAddReference()
                    ? new LogRead { Batches = [last], NextOffset = Math.Min(last.NextOffset, committed) }
                    : null;
            }
        }

        public void Clear()
        {
            lock (_lock)
            {
                RemoveAll();
                _lastRead?.Release();
                _lastRead = null;
            }
        }

        private void RemoveAll()
        {
            while (_count > 0)
            {
                _tail.RemoveOldest();
                _count--;
            }

            _bytes = 0;
        }
    }
}
