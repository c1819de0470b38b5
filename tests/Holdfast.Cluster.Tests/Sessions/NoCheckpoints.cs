using Holdfast.Log.Partitions;
using Holdfast.Log.State;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>A node that begins with nothing but the present end of the log: these tests are about sessions.</summary>
internal sealed class NoCheckpoints(IPartitionLog log) : ICheckpointStore
{
    public ValueTask<StoredCheckpoint> LoadAsync(CancellationToken cancellationToken)
    {
        long[] ends = [.. Enumerable.Range(0, log.PartitionCount).Select(log.CommittedOffset)];
        return ValueTask.FromResult(new StoredCheckpoint(ends, ends));
    }

    public IAsyncEnumerable<StoredRetained> LoadRetainedAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<StoredRetained>();

    public IAsyncEnumerable<StoredStream> LoadStreamsAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<StoredStream>();

    public IAsyncEnumerable<StoredShare> LoadSharesAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<StoredShare>();

    public ValueTask SaveAsync(CheckpointChanges changes) => ValueTask.CompletedTask;
}
