namespace Holdfast.Log.Attempts;

/// <summary>Where attempts are kept. One writer; any number of readers.</summary>
public interface IAttemptStore : IAsyncDisposable
{
    /// <summary>Stores chunks. When it returns they outlive the process.</summary>
    /// <param name="chunks">The chunks.</param>
    /// <param name="isFlushed">Whether they are to outlive the machine too.</param>
    /// <exception cref="IOException">They are not stored; the same may be tried again.</exception>
    ValueTask AppendAsync(IReadOnlyList<AttemptChunk> chunks, bool isFlushed);

    /// <summary>Everything known of a bucket of a partition, in the order in which it was stored.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="offset">When given, chunks that cannot hold this offset may be left out.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<AttemptChunk>> ReadAsync(int partition, long bucket, long? offset, CancellationToken cancellationToken);

    /// <summary>Chunks that tell of events that were lost, see <see cref="AttemptKinds.IsLoss"/>.</summary>
    /// <param name="sinceMilliseconds">Unix milliseconds; those that lost nothing since then are left out.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<AttemptChunk>> ReadLossesAsync(long sinceMilliseconds, CancellationToken cancellationToken);

    /// <summary>Removes attempts of events that the log no longer keeps, except losses that are younger than a time.</summary>
    /// <param name="firstOffsets">For each partition the oldest offset that the log keeps.</param>
    /// <param name="lossesSinceMilliseconds">Unix milliseconds.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    ValueTask RetainAsync(ReadOnlyMemory<long> firstOffsets, long lossesSinceMilliseconds, CancellationToken cancellationToken);
}
