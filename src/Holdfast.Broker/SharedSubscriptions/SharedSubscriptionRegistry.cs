using System.Collections.Concurrent;
using Holdfast.Broker.Sessions;
using Holdfast.Broker.Topics;
using Holdfast.Log.State;

namespace Holdfast.Broker.SharedSubscriptions;

/// <summary>The shared subscriptions of all products. Changed inside the dispatcher's gate, or before anything runs; read anywhere.</summary>
internal sealed class SharedSubscriptionRegistry(SessionServices services)
{
    private readonly ConcurrentDictionary<ulong, SharedSubscription> _byHash = [];
    private readonly List<StoredShare> _ended = [];
    private readonly List<SharedSubscription> _ending = [];

    /// <summary>Members have come, gone, connected or disconnected. Raised inside the dispatcher's gate.</summary>
    public event Action? MembersChanged;

    public SharedSubscription? Find(string product, string fullFilter) => Find(SharedSubscription.HashOf(product, fullFilter));

    public SharedSubscription? Find(ulong hash) => _byHash.GetValueOrDefault(hash);

    /// <summary>The one with this hash, or in its place one that has ended.</summary>
    public SharedSubscription FindOrGone(ulong hash) => Find(hash) ?? new SharedSubscription(services, hash);

    /// <summary>The shared subscription of a filter; a new one has no members yet.</summary>
    public SharedSubscription GetOrAdd(string product, TopicFilter filter)
    {
        var created = new SharedSubscription(services, product, filter);
        return _byHash.GetOrAdd(created.Hash, created);
    }

    /// <summary>A session leaves one.</summary>
    public void Leave(SharedSubscription shared, Session session)
    {
        if (!shared.Leave(session, services.Feed.Dispatched))
        {
            _byHash.TryRemove(shared.Hash, out _);
            OnMembersChanged();
            if (services.SessionsTravel)
            {
                lock (_ending)
                {
                    _ending.Add(shared);
                }

                ForgetEnded();
                return;
            }

            _ended.Add(new StoredShare(shared.Product, shared.FullFilter, [], []));
        }
    }

    /// <summary>Those whose last member here has left and that still keep partitions, then the others. The caller may hold any lock or none.</summary>
    public List<SharedSubscription> All()
    {
        lock (_ending)
        {
            return [.. _ending, .. _byHash.Values];
        }
    }

    /// <summary>Forgets those that have given up their last partition.</summary>
    public void ForgetEnded()
    {
        lock (_ending)
        {
            _ending.RemoveAll(shared => shared.Mode == SessionMode.Ended);
        }
    }

    public void OnMembersChanged() => MembersChanged?.Invoke();

    /// <summary>Takes up the stored positions, when all members are restored.</summary>
    public void RestorePositions(IReadOnlyCollection<StoredShare> stored, long[] mark)
    {
        _ended.AddRange(stored.Where(one => Find(one.Product, one.Filter) is null).Select(one => one with { Positions = [] }));
        var byHash = stored.ToDictionary(one => SharedSubscription.HashOf(one.Product, one.Filter));
        foreach (var shared in _byHash.Values)
        {
            shared.RestorePosition(byHash.GetValueOrDefault(shared.Hash), mark);
        }
    }

    /// <summary>What a checkpoint has to change. The caller holds the dispatcher's gate.</summary>
    public IReadOnlyList<StoredShare> TakeProgress(long[] mark)
    {
        // Those that have ended first: there may be new ones with their names.
        StoredShare[] progress = [.. _ended, .. _byHash.Values.Select(shared => shared.TakeProgress(mark, services.Feed.Dispatched)).OfType<StoredShare>()];
        _ended.Clear();
        return progress;
    }

    /// <summary>What could not be stored is tried again. The caller holds the dispatcher's gate.</summary>
    public void PutBack(IEnumerable<StoredShare> progress)
    {
        foreach (var one in progress)
        {
            if (Find(one.Product, one.Filter) is { } shared)
            {
                shared.PutBack(one);
            }
            else
            {
                _ended.Add(one with { Positions = [] });
            }
        }
    }
}
