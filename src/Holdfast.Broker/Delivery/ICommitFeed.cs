namespace Holdfast.Broker.Delivery;

/// <summary>Wakes readers of the log when something was committed. The log is the truth; this only saves them from polling.</summary>
public interface ICommitFeed
{
    /// <summary>The offset up to which a reader may read: what has been committed, announced and folded into the projections.</summary>
    /// <param name="partition">The partition.</param>
    long AnnouncedOffset(int partition);

    /// <summary>Completes when any partition's announced offset is beyond the reader's position.</summary>
    /// <param name="positions">The reader's next offset of each partition.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task WaitAsync(ReadOnlyMemory<long> positions, CancellationToken cancellationToken);
}
