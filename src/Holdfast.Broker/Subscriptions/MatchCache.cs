namespace Holdfast.Broker.Subscriptions;

/// <summary>
/// The matches of recent topics. A fixed number of places, two for each hash; nothing is locked, and a race costs at most an entry. Bounded
/// by the number of places, by the length of topics it takes, and by the subscribers in all its entries together.
/// </summary>
internal sealed class MatchCache<TSubscriber>(int places, int maximumSubscribers)
    where TSubscriber : class
{
    private const int LongestTopic = 512;

    private readonly Entry?[] _entries = new Entry?[places];
    private long _subscribers;

    /// <summary>The matches of a topic as of the newest version, if they are here.</summary>
    public SubscriptionMatches<TSubscriber>? Find(ulong hash, ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic, MatchVersions versions)
    {
        var place = (int)hash & (places - 1);
        var entry = Volatile.Read(ref _entries[place]);
        if (entry is null || !entry.IsOf(hash, product, topic))
        {
            entry = Volatile.Read(ref _entries[place ^ 1]);
            if (entry is null || !entry.IsOf(hash, product, topic))
            {
                return null;
            }
        }

        return versions.Read(entry.Scope) == entry.Version ? entry.Matches : null;
    }

    /// <summary>Keeps matches.</summary>
    public void Add(Entry entry)
    {
        if (entry.Topic.Length > LongestTopic || entry.Weight > maximumSubscribers)
        {
            return;
        }

        var place = (int)entry.Hash & (places - 1);
        var displaced = Interlocked.Exchange(ref _entries[place], entry);
        if (displaced is not null && !displaced.IsOf(entry.Hash, entry.Product, entry.Topic))
        {
            displaced = Interlocked.Exchange(ref _entries[place ^ 1], displaced);
        }

        if (Interlocked.Add(ref _subscribers, entry.Weight - (displaced?.Weight ?? 0)) > maximumSubscribers)
        {
            Clear();
        }
    }

    private void Clear()
    {
        for (var place = 0; place < _entries.Length; place++)
        {
            var entry = Interlocked.Exchange(ref _entries[place], null);
            Interlocked.Add(ref _subscribers, -(entry?.Weight ?? 0));
        }
    }

    internal sealed record Entry(
        ulong Hash, byte[] Product, byte[] Topic, MatchVersions.Scope Scope, long Version, SubscriptionMatches<TSubscriber> Matches)
    {
        public int Weight => Matches.Subscribers.Length;

        public bool IsOf(ulong hash, ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic)
            => Hash == hash && topic.SequenceEqual(Topic) && product.SequenceEqual(Product);
    }
}
