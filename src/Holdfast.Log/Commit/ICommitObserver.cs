using Holdfast.Log.Partitions;

namespace Holdfast.Log.Commit;

/// <summary>Learns what became of its appends.</summary>
public interface ICommitObserver
{
    /// <summary>
    /// Called on the delivery thread, for the appends of one partition in their order, before the records are delivered to anybody. It must
    /// not block.
    /// </summary>
    /// <param name="token">What the observer gave with the append.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">Where the record lies; -1 when nothing was stored (a duplicate, a marker, a refusal).</param>
    /// <param name="status">Whether it is committed.</param>
    void OnCompleted(ulong token, int partition, long offset, AppendStatus status);
}

/// <summary>Takes committed groups, in order, on the delivery thread.</summary>
public interface ICommittedGroupHandler
{
    /// <summary>Handles one group. The batches' references end with the call.</summary>
    /// <param name="group">The group.</param>
    void OnGroup(CommittedGroup group);

    /// <summary>The log can no longer be trusted: the process must end.</summary>
    /// <param name="exception">Why.</param>
    void OnFatal(Exception exception);
}

/// <summary>Whether an append was taken.</summary>
public enum AppendAdmission
{
    /// <summary>Taken; the observer will hear of it.</summary>
    Accepted,

    /// <summary>The open batch is full. Wait with <see cref="GroupCommitter.WhenRoomAsync"/>, then try again; nothing was taken.</summary>
    Busy,
}
