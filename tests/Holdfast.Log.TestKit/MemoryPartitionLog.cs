using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;

namespace Holdfast.Log.TestKit;

/// <summary>
/// The log contract in memory, with faults on demand. It passes <see cref="PartitionLogContract"/>. One append is one segment: retention
/// removes whole appends, never the newest. <see cref="Crash"/> and <see cref="Reopen"/> play the death of the process.
/// </summary>
public sealed class MemoryPartitionLog : IPartitionLog
{
    private readonly Lock _lock = new();
    private readonly MemoryPartition[] _partitions;
    private readonly List<RecordBatch[]> _segments = [];
    private readonly TimeProvider _time;
    private long _damagedRecords;
    private Exception? _failure;
    private bool _disposed;

    /// <summary>Creates an empty log.</summary>
    /// <param name="partitionCount">The number of partitions.</param>
    /// <param name="incarnation">The name of this life of the store.</param>
    /// <param name="timeProvider">The clock that retention goes by.</param>
    public MemoryPartitionLog(int partitionCount = Partitioning.DefaultPartitionCount, string incarnation = "memory", TimeProvider? timeProvider = null)
    {
        Incarnations = new Incarnations(incarnation, []);
        _time = timeProvider ?? TimeProvider.System;
        _partitions = new MemoryPartition[partitionCount];
        for (var i = 0; i < partitionCount; i++)
        {
            _partitions[i] = new MemoryPartition(i);
        }
    }

    /// <inheritdoc/>
    public string Incarnation => Incarnations.Current;

    /// <inheritdoc/>
    public Incarnations Incarnations { get; init; }

    /// <inheritdoc/>
    public int PartitionCount => _partitions.Length;

    /// <summary>Holds commits back.</summary>
    public CommitGate Gate { get; } = new();

    /// <summary>What the next appends are told instead of being stored: <see cref="AppendStatus.Full"/> or <see cref="AppendStatus.Fenced"/>.</summary>
    public AppendStatus Answer { get; set; } = AppendStatus.Appended;

    /// <summary>The next append throws <see cref="FlushFailedException"/>, and so do all after it.</summary>
    public bool NextFlushFails { get; set; }

    /// <summary>Faults by a seed, besides the explicit ones.</summary>
    public SeededFaults? Faults { get; set; }

    /// <summary>Appends that were committed.</summary>
    public int AppendedGroups { get; private set; }

    /// <summary>Batches that readers were given.</summary>
    public long BatchesRead { get; private set; }

    /// <summary>The partitions that were read from, until somebody empties it.</summary>
    public HashSet<int> PartitionsRead { get; } = [];

    /// <inheritdoc/>
    public long FirstOffset(int partition)
    {
        lock (_lock)
        {
            return _partitions[partition].FirstOffset;
        }
    }

    /// <inheritdoc/>
    public long CommittedOffset(int partition)
    {
        lock (_lock)
        {
            return _partitions[partition].CommittedOffset;
        }
    }

    /// <inheritdoc/>
    public OffsetRange FindReceived(int partition, long fromMilliseconds, long toMilliseconds)
    {
        lock (_lock)
        {
            return _partitions[partition].FindReceived(fromMilliseconds, toMilliseconds);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<AppendStatus> AppendAsync(ReadOnlyMemory<RecordBatch> group)
    {
        var fate = Faults?.Next() ?? default;
        var proceeds = await Gate.PassAsync();
        if (fate.Yields)
        {
            await Task.Yield();
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ThrowIfFailed();
            if (!proceeds || NextFlushFails || fate.FlushFails)
            {
                NextFlushFails = false;
                _failure = new IOException("The disk did not confirm.");
                ThrowIfFailed();
            }

            var answer = Answer != AppendStatus.Appended ? Answer : fate.Status;
            if (answer == AppendStatus.Appended)
            {
                Commit(group.ToArray());
            }

            return answer;
        }
    }

    /// <inheritdoc/>
    public ValueTask<LogRead> ReadAsync(
        int partition, long fromOffset, IReadOnlySet<ulong>? keys, int maximumBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var read = _partitions[partition].Read(fromOffset, keys, maximumBytes, ref _damagedRecords);
            BatchesRead += read.Batches.Count;
            PartitionsRead.Add(partition);
            return ValueTask.FromResult(read);
        }
    }

    /// <inheritdoc/>
    public ValueTask<RetentionResult> ApplyRetentionAsync(
        RetentionPolicy policy, ReadOnlyMemory<long> appliedOffsets, CancellationToken cancellationToken)
    {
        var byAge = _time.GetUtcNow() - policy.MaximumAge;
        var horizon = (policy.NothingKeptBefore > byAge ? policy.NothingKeptBefore.Value : byAge).ToUnixTimeMilliseconds();
        lock (_lock)
        {
            var segments = 0;
            long bytes = 0;
            while (_segments.Count > 1 && MayRemove(_segments[0], policy, horizon, appliedOffsets.Span))
            {
                foreach (var batch in _segments[0])
                {
                    bytes += batch.Body.Length;
                    _partitions[batch.Partition].RemoveFirst();
                }

                _segments.RemoveAt(0);
                segments++;
            }

            return ValueTask.FromResult(new RetentionResult(segments, bytes, [.. _partitions.Select(p => p.FirstOffset)]));
        }
    }

    /// <inheritdoc/>
    public LogStatistics GetStatistics()
    {
        lock (_lock)
        {
            return new LogStatistics(_segments.Count, TotalBytes(), long.MaxValue, _damagedRecords);
        }
    }

    /// <summary>Damages the records of a range: the batches that hold them are never served again.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="fromOffset">The first damaged offset.</param>
    /// <param name="toOffset">The offset after the last one.</param>
    public void Damage(int partition, long fromOffset, long toOffset)
    {
        lock (_lock)
        {
            _partitions[partition].Damage(fromOffset, toOffset);
        }
    }

    /// <summary>Removes everything before an offset, as retention would.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="firstOffset">The first batch that stays holds or follows this offset.</param>
    public void Trim(int partition, long firstOffset)
    {
        lock (_lock)
        {
            foreach (var batch in _partitions[partition].RemoveBefore(firstOffset))
            {
                for (var i = 0; i < _segments.Count; i++)
                {
                    _segments[i] = [.. _segments[i].Where(b => b != batch)];
                }
            }

            _segments.RemoveAll(s => s.Length == 0);
        }
    }

    /// <summary>The process dies: an append that waits at the gate fails and is not stored, and the log refuses everything until it is reopened.</summary>
    public void Crash()
    {
        lock (_lock)
        {
            _failure = new IOException("The process has died.");
        }

        Gate.Abort();
    }

    /// <summary>A new process opens what the disk holds.</summary>
    public void Reopen()
    {
        lock (_lock)
        {
            _failure = null;
            _disposed = false;
            NextFlushFails = false;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        return ValueTask.CompletedTask;
    }

    private void Commit(RecordBatch[] group)
    {
        foreach (var batch in group)
        {
            _partitions[batch.Partition].Verify(batch);
        }

        foreach (var batch in group)
        {
            _partitions[batch.Partition].Add(batch);
        }

        _segments.Add(group);
        AppendedGroups++;
    }

    private bool MayRemove(RecordBatch[] segment, RetentionPolicy policy, long horizon, ReadOnlySpan<long> appliedOffsets)
    {
        foreach (var batch in segment)
        {
            if (batch.NextOffset > appliedOffsets[batch.Partition])
            {
                return false;
            }
        }

        return segment.All(b => b.LastReceivedAtMilliseconds < horizon) || TotalBytes() > policy.MaximumBytes;
    }

    private long TotalBytes() => _segments.Sum(s => s.Sum(b => (long)b.Body.Length));

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new FlushFailedException("What is stored is unknown: " + _failure.Message, _failure);
        }
    }
}
