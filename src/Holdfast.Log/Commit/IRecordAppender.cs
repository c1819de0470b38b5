using Holdfast.Log.Records;

namespace Holdfast.Log.Commit;

/// <summary>Where records go to be committed. Nothing here blocks; who is refused as busy waits with <see cref="WhenRoomAsync"/>.</summary>
public interface IRecordAppender
{
    /// <summary>How long the oldest append that is on its way has waited for its commit; zero when none is.</summary>
    TimeSpan OldestPendingAge { get; }

    /// <summary>How many groups were taken for committing. An observer remembers it when it hears of a commit, for its next append.</summary>
    long Groups { get; }

    /// <summary>Appends a message, unless its sequence was seen: then the observer hears of the commit of what was seen.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="record">The message. It is copied; <see cref="PublishRecord.PossibleDuplicate"/> may be set.</param>
    /// <param name="observer">Hears the outcome; null when nobody waits.</param>
    /// <param name="token">What the observer wants to hear back.</param>
    /// <param name="answeredAt">
    /// <see cref="Groups"/> when the publisher last heard of a commit. One that has not heard for long is not waiting for an answer to go on; its
    /// message may be held back for a moment, so that one flush serves many.
    /// </param>
    AppendAdmission TryAppend(int partition, ref PublishRecord record, ICommitObserver? observer, ulong token, long answeredAt = long.MaxValue);

    /// <summary>Appends a step of a QoS 2 exchange, or a probe.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="record">The step.</param>
    /// <param name="observer">Hears the outcome; null when nobody waits.</param>
    /// <param name="token">What the observer wants to hear back.</param>
    AppendAdmission TryAppend(int partition, in SessionRecord record, ICommitObserver? observer, ulong token);

    /// <summary>Lets the observer hear when everything that was appended to the partition before is committed.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="observer">Hears the outcome.</param>
    /// <param name="token">What the observer wants to hear back.</param>
    void AppendMarker(int partition, ICommitObserver observer, ulong token);

    /// <summary>Completes when a busy append may be tried again.</summary>
    Task WhenRoomAsync();
}
