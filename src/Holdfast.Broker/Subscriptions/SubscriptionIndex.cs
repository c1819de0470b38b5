using System.Collections.Concurrent;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Subscriptions;

/// <summary>
/// Who subscribes to what, per product. Thread-safe: changes take a lock, matching takes none. A match that begins after a change has
/// returned sees it; one that runs meanwhile sees the subscriptions as they were before or after it, never in between.
/// </summary>
/// <typeparam name="TSubscriber">Who receives; compared by reference. A subscriber belongs to one product.</typeparam>
/// <remarks>The share of a filter is not looked at: the group of a shared subscription is a subscriber of its own.</remarks>
public sealed class SubscriptionIndex<TSubscriber>
    where TSubscriber : class
{
    private const int CachedTopics = 65_536;
    private const int CachedSubscribers = 1_000_000;
    private const int AttemptsWithoutLock = 4;
    private const int LargestKeptScratch = 4096;

    [ThreadStatic]
    private static List<Subscription>? _scratch;

    private readonly ConcurrentDictionary<byte[], SubscriptionTree> _products = new(ByteStringComparer.Instance);
    private readonly ConcurrentDictionary<byte[], SubscriptionTree>.AlternateLookup<ReadOnlySpan<byte>> _productsBySpan;
    private readonly MatchCache<TSubscriber> _cache = new(CachedTopics, CachedSubscribers);
    private readonly MatchVersions _versions = new();
    private readonly Lock _changes = new();
    private long _version;
    private int _count;

    /// <summary>Makes an empty index.</summary>
    public SubscriptionIndex() => _productsBySpan = _products.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Grows with every change, before the change returns.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Hears of every filter that is added or removed, in order, inside the index's lock; null when nobody wants to.</summary>
    public IFilterObserver? Observer { get; set; }

    /// <summary>The number of subscriptions.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Adds a subscription in the place of the same subscriber's of the same filter [MQTT-3.8.4-3].</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="subscription">The subscription. It must not be in the index already.</param>
    /// <returns>The subscription that was replaced, or null.</returns>
    public Subscription<TSubscriber>? AddOrReplace(ReadOnlySpan<byte> product, Subscription<TSubscriber> subscription)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        lock (_changes)
        {
            if (!_productsBySpan.TryGetValue(product, out var subscriptions))
            {
                subscriptions = new SubscriptionTree(product.ToArray(), subscription.Filter);
                _products[subscriptions.Product] = subscriptions;
            }

            var counter = MatchVersions.Of(product, subscription.Filter);
            _versions.Begin(counter);
            var replaced = subscriptions.Put(subscription);
            _versions.End(counter);
            if (replaced is null)
            {
                _count++;
                Observer?.OnAdded(product, subscription.Filter);
            }

            Volatile.Write(ref _version, _version + 1);
            return (Subscription<TSubscriber>?)replaced;
        }
    }

    /// <summary>Removes a subscription.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="filter">The filter.</param>
    /// <param name="subscriber">Whose it is.</param>
    /// <returns>The subscription that was removed, or null when there was none.</returns>
    public Subscription<TSubscriber>? Remove(ReadOnlySpan<byte> product, TopicFilter filter, TSubscriber subscriber)
    {
        lock (_changes)
        {
            return _productsBySpan.TryGetValue(product, out var subscriptions)
                ? (Subscription<TSubscriber>?)RemoveFrom(subscriptions, filter, subscriber)
                : null;
        }
    }

    /// <summary>Removes all subscriptions of a subscriber. It looks at every subscription of the product; who knows its own removes those.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="subscriber">The subscriber.</param>
    /// <returns>How many there were.</returns>
    public int RemoveAll(ReadOnlySpan<byte> product, TSubscriber subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        lock (_changes)
        {
            if (!_productsBySpan.TryGetValue(product, out var subscriptions))
            {
                return 0;
            }

            var own = subscriptions.Of(subscriber);
            foreach (var subscription in own)
            {
                RemoveFrom(subscriptions, subscription.Filter, subscriber);
            }

            return own.Count;
        }
    }

    /// <summary>Finds who receives the messages of a topic. Allocates nothing when the topic was matched lately.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="topic">A valid topic name in UTF-8.</param>
    public SubscriptionMatches<TSubscriber> Match(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic)
    {
        var hash = TopicHash.Of(product, topic);
        return _cache.Find(hash, product, topic, _versions) ?? MatchAnew(hash, product, topic);
    }

    private Subscription? RemoveFrom(SubscriptionTree subscriptions, TopicFilter filter, TSubscriber subscriber)
    {
        var counter = MatchVersions.Of(subscriptions.Product, filter);
        _versions.Begin(counter);
        var removed = subscriptions.Remove(filter, subscriber);
        _versions.End(counter);
        if (removed is null)
        {
            return null;
        }

        _count--;
        Observer?.OnRemoved(subscriptions.Product, filter);
        if (subscriptions.IsEmpty)
        {
            _products.TryRemove(subscriptions.Product, out _);
        }

        Volatile.Write(ref _version, _version + 1);
        return removed;
    }

    private SubscriptionMatches<TSubscriber> MatchAnew(ulong hash, ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic)
    {
        var scope = MatchVersions.Of(product, topic);
        var collector = new MatchCollector(_scratch ??= []);
        for (var attempt = 0; attempt < AttemptsWithoutLock; attempt++)
        {
            var version = _versions.Read(scope);
            if (!_productsBySpan.TryGetValue(product, out var subscriptions))
            {
                return SubscriptionMatches<TSubscriber>.Empty;
            }

            subscriptions.Collect(topic, ref collector);
            Volatile.ReadBarrier();
            if (version != MatchVersions.Changing && version == _versions.Read(scope))
            {
                return Keep(subscriptions, collector, hash, topic, scope, version);
            }

            collector.Clear();
        }

        // Changes of these very topics do not stop: wait for a gap between two.
        lock (_changes)
        {
            if (!_productsBySpan.TryGetValue(product, out var subscriptions))
            {
                return SubscriptionMatches<TSubscriber>.Empty;
            }

            subscriptions.Collect(topic, ref collector);
            return Keep(subscriptions, collector, hash, topic, scope, _versions.Read(scope));
        }
    }

    private SubscriptionMatches<TSubscriber> Keep(
        SubscriptionTree subscriptions,
        MatchCollector collector,
        ulong hash,
        ReadOnlySpan<byte> topic,
        MatchVersions.Scope scope,
        long version)
    {
        var matches = MatchMerger.Merge<TSubscriber>(collector);
        _cache.Add(new MatchCache<TSubscriber>.Entry(hash, subscriptions.Product, topic.ToArray(), scope, version, matches));
        var tooLarge = collector.Subscriptions.Capacity > LargestKeptScratch;
        collector.Clear();
        _scratch = tooLarge ? null : _scratch;
        return matches;
    }
}
