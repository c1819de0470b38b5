using Holdfast.Log.Batches;

namespace Holdfast.Log.Partitions;

/// <summary>A log whose partitions are owned by different processes.</summary>
public interface IClusterLog : IPartitionLog
{
    /// <summary>Whether this process may append to a partition, as far as it knows. A fence ends it.</summary>
    /// <param name="partition">The partition.</param>
    bool IsOwned(int partition);

    /// <summary>The owner of a partition has announced its committed offset. Readers may go so far from now on.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="committedOffset">What it announced; an earlier one changes nothing.</param>
    void Announce(int partition, long committedOffset);

    /// <summary>A batch that another process has committed may soon be read here: it is kept for a while.</summary>
    /// <param name="batch">The batch; the log takes a reference of its own.</param>
    void Remember(RecordBatch batch);
}
