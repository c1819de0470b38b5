using Holdfast.Broker.Sessions;
using Holdfast.Log.State;

namespace Holdfast.Broker.SharedSubscriptions;

/// <summary>The shared subscriptions of a node of a cluster, for whoever decides which partitions it keeps.</summary>
internal sealed class TravellingShares(SessionServices services) : IShareHost
{
    public event Action? Changed
    {
        add => services.Shared.MembersChanged += value;
        remove => services.Shared.MembersChanged -= value;
    }

    public ulong HashOf(string product, string filter) => SharedSubscription.HashOf(product, filter);

    public IReadOnlyList<LocalShare> Shares() => [.. services.Shared.All().Where(shared => shared.Since is not null).Select(shared => shared.ToLocal())];

    public bool Take(LocalShare share, StoredSharePartition part)
    {
        lock (services.Feed.Gate)
        {
            return share.Subscription.Take(part, services.Feed.Dispatched);
        }
    }

    public void Stop(LocalShare share, int partition)
    {
        lock (services.Feed.Gate)
        {
            share.Subscription.Stop(partition, services.Feed.Dispatched);
        }
    }

    public StoredSharePartition? TryGiveUp(LocalShare share, int partition, bool atOnce)
    {
        lock (services.Feed.Gate)
        {
            var given = share.Subscription.TryGiveUp(partition, atOnce);
            if (given is not null)
            {
                services.Shared.ForgetEnded();
            }

            return given;
        }
    }

    /// <summary>How far the partitions are that this node keeps, where that has changed.</summary>
    public List<StoredSharePartition> TakeProgress()
    {
        lock (services.Feed.Gate)
        {
            return [.. services.Shared.All().SelectMany(shared => shared.TakePartProgress(services.Feed.Dispatched))];
        }
    }

    /// <summary>What <see cref="TakeProgress"/> returned could not be stored.</summary>
    public void PutBack(IEnumerable<StoredSharePartition> progress)
    {
        lock (services.Feed.Gate)
        {
            foreach (var shared in services.Shared.All())
            {
                shared.PutBackParts(progress.Where(part => part.Product == shared.Product && part.Filter == shared.FullFilter).Select(part => part.Partition));
            }
        }
    }
}
