namespace Holdfast.Log.State;

/// <summary>
/// The shared subscriptions of a cluster, one row for each partition of the log, as one life of one node sees them. The row names the keeper: the node that reads the partition for the
/// share. Only the keeper changes the row; how far it is goes with <see cref="IClusterSessionStore.SaveProgressAsync"/>. The rows are made with the subscription of the first member
/// (<see cref="IClusterSessionStore.SaveSubscriptionsAsync"/>). Each change returns after it is as durable as an acknowledgement.
/// </summary>
public interface IClusterShareStore
{
    /// <summary>Names this life of this node.</summary>
    string Node { get; }

    /// <summary>The rows of a share.</summary>
    /// <param name="product">The product.</param>
    /// <param name="filter">The filter, <c>$share/{name}/{filter}</c>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<StoredSharePartition>> LoadAsync(string product, string filter, CancellationToken cancellationToken);

    /// <summary>Makes this node the keeper where there is none, or where it is that already. A fenced node gets nothing.</summary>
    /// <param name="product">The product.</param>
    /// <param name="filter">The filter, <c>$share/{name}/{filter}</c>.</param>
    /// <param name="since">One offset per partition: where rows begin that are missing.</param>
    /// <param name="partitions">Which partitions.</param>
    /// <returns>The rows that name this node now.</returns>
    ValueTask<IReadOnlyList<StoredSharePartition>> TakeAsync(string product, string filter, long[] since, IReadOnlyList<int> partitions);

    /// <summary>Stores rows of this node exactly as they are, and names nobody.</summary>
    /// <param name="parts">The rows. Those that are this node's no more are left alone.</param>
    ValueTask ReleaseAsync(IReadOnlyList<StoredSharePartition> parts);

    /// <summary>Makes a row of a fenced node nobody's.</summary>
    /// <param name="part">The row as it was found, with what follows from the log.</param>
    /// <param name="gone">The fenced node.</param>
    ValueTask SettleAsync(StoredSharePartition part, string gone);

    /// <summary>Rows that name a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<StoredSharePartition>> LoadOfAsync(string node, int limit, CancellationToken cancellationToken);

    /// <summary>Removes the rows of shares that nobody subscribes to any more and nobody keeps.</summary>
    ValueTask RemoveEndedAsync();
}

/// <summary>How far a shared subscription is in one partition of the log.</summary>
/// <param name="Product">The product.</param>
/// <param name="Filter">The filter, <c>$share/{name}/{filter}</c>.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Position">The next offset to be sent.</param>
/// <param name="Unconfirmed">Offsets before it that no member has confirmed, and that are to be sent again.</param>
/// <param name="HandedOut">Offsets from there on that belong to a member already: their QoS 2 packet identifier is committed.</param>
public sealed record StoredSharePartition(string Product, string Filter, int Partition, long Position, long[] Unconfirmed, long[] HandedOut)
{
    /// <summary>The node that reads the partition for the share, or null.</summary>
    public string? Keeper { get; init; }

    /// <summary>Whether everything is the same.</summary>
    /// <param name="other">Another one.</param>
    public bool IsSameAs(StoredSharePartition? other)
        => other is not null && Position == other.Position && Unconfirmed.AsSpan().SequenceEqual(other.Unconfirmed) && HandedOut.AsSpan().SequenceEqual(other.HandedOut);
}
