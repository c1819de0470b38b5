namespace Holdfast.Log.State;

/// <summary>
/// The projections of the log: everything that is a fold over records, stored with the offset it was folded up to, in one transaction.
/// After a crash the fold continues from there.
/// </summary>
public interface ICheckpointStore
{
    /// <summary>The last checkpoint; of a new store, zeros.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<StoredCheckpoint> LoadAsync(CancellationToken cancellationToken);

    /// <summary>The retained messages as of the checkpoint.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<StoredRetained> LoadRetainedAsync(CancellationToken cancellationToken);

    /// <summary>The deduplication streams as of the checkpoint.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<StoredStream> LoadStreamsAsync(CancellationToken cancellationToken);

    /// <summary>The shared subscriptions whose position the mark does not tell.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<StoredShare> LoadSharesAsync(CancellationToken cancellationToken);

    /// <summary>Writes a checkpoint in one transaction.</summary>
    /// <param name="changes">What changed since the last one.</param>
    ValueTask SaveAsync(CheckpointChanges changes);
}

/// <summary>Where the fold stands.</summary>
/// <param name="AppliedOffsets">One per partition: the first record that is not yet folded in.</param>
/// <param name="Mark">One per partition: sessions without a cursor of their own have confirmed everything before it.</param>
public sealed record StoredCheckpoint(long[] AppliedOffsets, long[] Mark);

/// <summary>A retained message.</summary>
/// <param name="Product">The product.</param>
/// <param name="Topic">The topic name.</param>
/// <param name="Partition">Where the record lies.</param>
/// <param name="Offset">Where the record lies.</param>
/// <param name="Record">The publish record as in the log. Empty to remove the topic.</param>
public sealed record StoredRetained(string Product, string Topic, int Partition, long Offset, ReadOnlyMemory<byte> Record);

/// <summary>The sequences of one stream that were seen.</summary>
/// <param name="Partition">The partition whose records the stream is in.</param>
/// <param name="Key">Product, device and stream in the log's encoding.</param>
/// <param name="Ranges">The ranges seen. Empty to remove the stream.</param>
/// <param name="LastSeenMilliseconds">Unix milliseconds of the newest record.</param>
public sealed record StoredStream(int Partition, byte[] Key, byte[] Ranges, long LastSeenMilliseconds);

/// <summary>How far a shared subscription is.</summary>
/// <param name="Product">The product.</param>
/// <param name="Filter">The filter, <c>$share/{name}/{filter}</c>.</param>
/// <param name="Positions">The next offset of each partition to be sent. Empty to remove the subscription: the mark tells its position.</param>
/// <param name="Unconfirmed">Messages before those positions that no member has confirmed, and that are to be sent again.</param>
public sealed record StoredShare(string Product, string Filter, long[] Positions, IReadOnlyList<(int Partition, long Offset)> Unconfirmed);

/// <summary>What a checkpoint changes.</summary>
public sealed record CheckpointChanges
{
    /// <summary>See <see cref="StoredCheckpoint.AppliedOffsets"/>.</summary>
    public required long[] AppliedOffsets { get; init; }

    /// <summary>See <see cref="StoredCheckpoint.Mark"/>.</summary>
    public required long[] Mark { get; init; }

    /// <summary>Retained messages that were set or removed.</summary>
    public IReadOnlyList<StoredRetained> Retained { get; init; } = [];

    /// <summary>Streams that changed.</summary>
    public IReadOnlyList<StoredStream> Streams { get; init; } = [];

    /// <summary>Sessions whose cursor or QoS 2 state changed. A session that is no longer stored is left out silently.</summary>
    public IReadOnlyList<SessionProgress> Sessions { get; init; } = [];

    /// <summary>Shared subscriptions whose position changed.</summary>
    public IReadOnlyList<StoredShare> Shares { get; init; } = [];
}

/// <summary>How far a session is.</summary>
/// <param name="SessionId">The session.</param>
/// <param name="Cursor">See <see cref="StoredSession.Cursor"/>.</param>
/// <param name="Exchanges">See <see cref="StoredSession.Exchanges"/>.</param>
public sealed record SessionProgress(ulong SessionId, long[]? Cursor, byte[]? Exchanges)
{
    /// <summary>The session's epoch. In a cluster a row with a newer one is left alone.</summary>
    public long Epoch { get; init; }

    /// <summary>In a cluster: filters whose retained messages have arrived (<see cref="StoredSubscription.RetainedAsOf"/>).</summary>
    public IReadOnlyList<string> RetainedArrived { get; init; } = [];
}
