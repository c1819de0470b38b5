using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.TestKit;

namespace Holdfast.Cluster.Tests.Fanout;

/// <summary>A log in memory whose partitions others own; it is readable up to where they say.</summary>
internal sealed class FollowedLog : IClusterLog
{
    private readonly MemoryPartitionLog _log = new(2);
    private readonly long[] _announced = new long[2];

    public Incarnations Incarnations => _log.Incarnations;

    public int PartitionCount => 2;

    /// <summary>Another owner commits a batch.</summary>
    public async Task<RecordBatch> CommitAsync(int partition, int count = 1)
    {
        var batch = TestBatches.Make(partition, _log.CommittedOffset(partition), count);
        await _log.AppendAsync(new[] { batch });
        return batch;
    }

    public bool IsOwned(int partition) => false;

    public void Announce(int partition, long committedOffset) => _announced[partition] = Math.Max(_announced[partition], committedOffset);

    public void Remember(RecordBatch batch)
    {
    }

    public long FirstOffset(int partition) => _log.FirstOffset(partition);

    public long CommittedOffset(int partition) => Volatile.Read(ref _announced[partition]);

    public OffsetRange FindReceived(int partition, long fromMilliseconds, long toMilliseconds) => throw new NotSupportedException();

    public ValueTask<AppendStatus> AppendAsync(ReadOnlyMemory<RecordBatch> group) => throw new NotSupportedException();

    public ValueTask<LogRead> ReadAsync(int partition, long fromOffset, IReadOnlySet<ulong>? keys, int maximumBytes, CancellationToken cancellationToken)
        => fromOffset < CommittedOffset(partition)
            ? _log.ReadAsync(partition, fromOffset, keys, maximumBytes, cancellationToken)
            : throw new InvalidOperationException("Nothing is known to be committed there.");

    public ValueTask<RetentionResult> ApplyRetentionAsync(RetentionPolicy policy, ReadOnlyMemory<long> appliedOffsets, CancellationToken cancellationToken)
        => throw new NotSupportedException();

    public LogStatistics GetStatistics() => _log.GetStatistics();

    public ValueTask DisposeAsync() => _log.DisposeAsync();
}
