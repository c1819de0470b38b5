using Holdfast.Log.State;

namespace Holdfast.Broker.SharedSubscriptions;

/// <summary>
/// What a node's broker does with shared subscriptions for the cluster. The unit is one partition of the log of one share: the node that keeps it reads it for the share, and hands each
/// message to a member on this node. Who keeps what is decided outside.
/// </summary>
public interface IShareHost
{
    /// <summary>Members have come, gone, connected or disconnected. Any thread; it must not block.</summary>
    event Action? Changed;

    /// <summary>The shares that have members here, or of which this node keeps partitions.</summary>
    IReadOnlyList<LocalShare> Shares();

    /// <summary>Names a share in the log and between nodes.</summary>
    /// <param name="product">The product.</param>
    /// <param name="filter">The filter, <c>$share/{name}/{filter}</c>.</param>
    ulong HashOf(string product, string filter);

    /// <summary>Sends what a partition holds for a share from now on.</summary>
    /// <param name="share">The share.</param>
    /// <param name="part">The row, which names this node.</param>
    /// <returns>False when the last member here has left meanwhile: the row must name nobody again.</returns>
    bool Take(LocalShare share, StoredSharePartition part);

    /// <summary>Sends nothing more of a partition, to give it up when it can be.</summary>
    /// <param name="share">The share.</param>
    /// <param name="partition">The partition.</param>
    void Stop(LocalShare share, int partition);

    /// <summary>Gives a partition up that is stopped.</summary>
    /// <param name="share">The share.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="atOnce">Not to wait for confirmations of members: what is not confirmed comes again.</param>
    /// <returns>What the row must hold; null while something is to be waited for.</returns>
    StoredSharePartition? TryGiveUp(LocalShare share, int partition, bool atOnce);
}

/// <summary>A shared subscription as one node has it.</summary>
/// <param name="Product">The product.</param>
/// <param name="Filter">The filter, <c>$share/{name}/{filter}</c>.</param>
/// <param name="Hash">See <see cref="IShareHost.HashOf"/>.</param>
/// <param name="Members">How many members are connected here.</param>
/// <param name="Sending">The partitions that are sent.</param>
/// <param name="Stopped">The partitions that are kept and not sent any more.</param>
public sealed record LocalShare(string Product, string Filter, ulong Hash, int Members, IReadOnlyList<int> Sending, IReadOnlyList<int> Stopped)
{
    /// <summary>Where the share begins, should its rows be missing: one offset per partition.</summary>
    public required long[] Since { get; init; }

    internal SharedSubscription Subscription { get; init; } = null!;
}
