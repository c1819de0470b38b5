using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;

namespace Holdfast.Broker.Sessions;

/// <summary>Waits until this node has heard what became of everything that it has appended before.</summary>
internal sealed class AppendBarrier : ICommitObserver
{
    private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;

    private AppendBarrier(int partitions) => _left = partitions;

    /// <summary>Completes when it has.</summary>
    public static Task WaitAsync(SessionServices services)
    {
        var count = services.Log.PartitionCount;
        var barrier = new AppendBarrier(count);
        for (var partition = 0; partition < count; partition++)
        {
            services.Appender.AppendMarker(partition, barrier, 0);
        }

        return barrier._passed.Task;
    }

    void ICommitObserver.OnCompleted(ulong token, int partition, long offset, AppendStatus status)
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _passed.SetResult();
        }
    }
}
