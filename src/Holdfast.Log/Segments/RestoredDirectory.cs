using Holdfast.Log.Partitions;

namespace Holdfast.Log.Segments;

/// <summary>A data directory that came from a backup.</summary>
public static class RestoredDirectory
{
    /// <summary>
    /// Begins a new life of the store: what is stored from now on has ids that no event had before, also none of those that were stored after the backup and are gone. What
    /// the backup holds keeps its ids.
    /// </summary>
    /// <param name="options">Where the log is. No node may serve it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The lives of the store.</returns>
    /// <exception cref="StoreInUseException">A node serves it.</exception>
    /// <exception cref="StoreUnusableException">It cannot be opened.</exception>
    public static async Task<Incarnations> BeginNewLifeAsync(SegmentLogOptions options, CancellationToken cancellationToken)
    {
        await using var log = await SegmentLog.OpenAsync(options, cancellationToken).ConfigureAwait(false);
        return log.BeginNewLife();
    }
}
