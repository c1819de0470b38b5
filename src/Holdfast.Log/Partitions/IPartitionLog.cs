using Holdfast.Log.Batches;

namespace Holdfast.Log.Partitions;

/// <summary>
/// The log of one store: partitions of records, each a sequence of batches. Nothing uncommitted is ever readable. One writer
/// (<see cref="AppendAsync"/> is not called concurrently), any number of readers.
/// </summary>
public interface IPartitionLog : IAsyncDisposable
{
    /// <summary>Names this life of the store. Part of every event id; a restore from a backup starts a new one.</summary>
    string Incarnation => Incarnations.Current;

    /// <summary>This life of the store, and those before it.</summary>
    Incarnations Incarnations { get; }

    /// <summary>The number of partitions, fixed when the store was made.</summary>
    int PartitionCount { get; }

    /// <summary>The oldest offset that is still kept; equal to <see cref="CommittedOffset"/> when nothing is.</summary>
    /// <param name="partition">The partition.</param>
    long FirstOffset(int partition);

    /// <summary>The offset after the last committed record: the next one to be appended.</summary>
    /// <param name="partition">The partition.</param>
    long CommittedOffset(int partition);

    /// <summary>
    /// Where the records of some time lie: every committed record of the partition that was received within it has its offset in the range. Answers from
    /// memory, so the range may be wider than that; readers still look at the time of each record.
    /// </summary>
    /// <param name="partition">The partition.</param>
    /// <param name="fromMilliseconds">The first time of receipt, in Unix milliseconds.</param>
    /// <param name="toMilliseconds">The time after the last one, in Unix milliseconds.</param>
    OffsetRange FindReceived(int partition, long fromMilliseconds, long toMilliseconds);

    /// <summary>
    /// Appends one batch of each of several partitions, and commits them together. When it returns <see cref="AppendStatus.Appended"/> they
    /// are on disk. There is no cancellation: an append that was begun is finished. The caller keeps its references; the log takes its own.
    /// </summary>
    /// <param name="group">At most one batch of each partition; the base offset of each equals the partition's committed offset.</param>
    /// <returns>A refusal leaves nothing behind, so the same batches may be appended again.</returns>
    /// <exception cref="FlushFailedException">The disk did not confirm: what is stored is unknown and the process must end.</exception>
    ValueTask<AppendStatus> AppendAsync(ReadOnlyMemory<RecordBatch> group);

    /// <summary>Reads batches of a partition, from the one that holds the offset, in order, never past the committed offset.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="fromOffset">The first offset wanted. The first batch may begin before it.</param>
    /// <param name="keys">When given, batches that hold none of these key hashes may be left out.</param>
    /// <param name="maximumBytes">Stop after the batch that reaches this many bytes; at least one batch is returned when there is one.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The batches, each with a reference that the result's disposal releases.</returns>
    ValueTask<LogRead> ReadAsync(int partition, long fromOffset, IReadOnlySet<ulong>? keys, int maximumBytes, CancellationToken cancellationToken);

    /// <summary>Removes what the policy no longer keeps, whole segments at a time.</summary>
    /// <param name="policy">Age and size.</param>
    /// <param name="appliedOffsets">One offset per partition: records from there on are needed for recovery and stay.</param>
    /// <param name="cancellationToken">Ends the work between two segments.</param>
    /// <returns>What was removed.</returns>
    ValueTask<RetentionResult> ApplyRetentionAsync(RetentionPolicy policy, ReadOnlyMemory<long> appliedOffsets, CancellationToken cancellationToken);

    /// <summary>Figures about the log as it is now.</summary>
    LogStatistics GetStatistics();
}
