namespace Holdfast.Log.Attempts;

/// <summary>Who delivers: an integration of whatever kind, or a replay of one.</summary>
/// <param name="Product">The product.</param>
/// <param name="Name">Its name.</param>
/// <param name="ReplayOf">The integration whose events it sends again; empty for an integration itself.</param>
public sealed record AttemptSource(string Product, string Name, string ReplayOf = "");

/// <summary>An attempt, or an end without one.</summary>
/// <param name="Kind">What became of the events.</param>
/// <param name="StartedAtMilliseconds">When it began, in Unix milliseconds.</param>
/// <param name="DurationMicroseconds">How long it took; 0 when there was no attempt.</param>
/// <param name="Status">The receiver's status; 0 when it gave none.</param>
/// <param name="Error">Why it did not succeed; empty when it did.</param>
public readonly record struct Attempt(AttemptKind Kind, long StartedAtMilliseconds, long DurationMicroseconds, int Status, string Error)
{
    /// <summary>When it was over, in Unix milliseconds.</summary>
    public long EndedAtMilliseconds => StartedAtMilliseconds + (DurationMicroseconds / 1000);
}

/// <summary>
/// What one source has done about the events of one bucket of a partition in one stretch of time: the unit that is stored and found. A bucket is
/// <see cref="BucketSize"/> offsets, so that the attempts of an event are found by equality, never by a search for ranges.
/// </summary>
/// <param name="Source">Who.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Bucket">The offsets divided by <see cref="BucketSize"/>.</param>
/// <param name="First">The first offset in it, counted within the bucket.</param>
/// <param name="Last">The last offset in it, counted within the bucket.</param>
/// <param name="LossAtMilliseconds">When events were lost, if any were; else 0. Such a chunk is kept although its events are gone.</param>
/// <param name="Body">The attempts, see <see cref="AttemptChunkWriter"/>.</param>
public sealed record AttemptChunk(
    AttemptSource Source, int Partition, long Bucket, int First, int Last, long LossAtMilliseconds, ReadOnlyMemory<byte> Body)
{
    /// <summary>Offsets of a bucket.</summary>
    public const int BucketSize = 1 << BucketBits;

    /// <summary>The logarithm of <see cref="BucketSize"/>.</summary>
    public const int BucketBits = 12;

    /// <summary>The first offset of the bucket.</summary>
    public long BaseOffset => Bucket << BucketBits;
}
