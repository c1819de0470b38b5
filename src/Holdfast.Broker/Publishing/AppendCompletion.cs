using Holdfast.Broker.Sessions;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Publishing;

/// <summary>One append that somebody awaits.</summary>
internal sealed class AppendCompletion : ICommitObserver
{
    private readonly TaskCompletionSource<(AppendStatus Status, int Partition, long Offset)> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The outcome. The offset is -1 for a duplicate.</summary>
    public Task<(AppendStatus Status, int Partition, long Offset)> Task => _source.Task;

    /// <summary>Appends the record.</summary>
    /// <returns>False when the open batch is full; try again when there is room.</returns>
    public bool TryAppend(SessionServices services, PublishRecord record)
    {
        var partition = Partitioning.PartitionOf(record.KeyHash, services.Log.PartitionCount);
        return services.Appender.TryAppend(partition, ref record, this, 0) == AppendAdmission.Accepted;
    }

    void ICommitObserver.OnCompleted(ulong token, int partition, long offset, AppendStatus status)
        => _source.TrySetResult((status, partition, offset));
}
