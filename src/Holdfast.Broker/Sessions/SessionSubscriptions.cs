using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;
using Holdfast.Log.Partitions;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// The subscriptions of one session, for the reader that takes it through the log: unlike a live delivery it must also judge whether a record
/// was committed after the subscription was made. Guarded by the session's lock.
/// </summary>
internal sealed class SessionSubscriptions(SessionServices services, Session session)
{
    /// <summary>With more subscriptions than this the index is asked instead of each subscription.</summary>
    private const int MostAskedOneByOne = 16;

    private ProbeTable<Subscription<LogSubscriber>>? _byFilter;
    private SharedSubscription[] _shared = [];
    private HashSet<ulong>? _keys;
    private bool _keysAreKnown;

    public int Count => _byFilter?.Count ?? 0;

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<Subscription<LogSubscriber>> All
    {
        get
        {
            if (_byFilter is { } byFilter)
            {
                foreach (var subscription in byFilter)
                {
                    yield return subscription;
                }
            }
        }
    }

    /// <summary>The shared subscriptions that it is a member of; a new array with each change, which is made inside the dispatcher's gate.</summary>
    public IReadOnlyList<SharedSubscription> Shared => Volatile.Read(ref _shared);

    /// <summary>The key hashes of everything that can match; null when only a scan finds it.</summary>
    public IReadOnlySet<ulong>? Keys
    {
        get
        {
            if (!_keysAreKnown)
            {
                _keys = CollectKeys();
                _keysAreKnown = true;
            }

            return _keys;
        }
    }

    /// <summary>The subscription of a filter; null when there is none.</summary>
    public Subscription<LogSubscriber>? Find(TopicFilter filter) => _byFilter?.Find(new FilterKey(filter));

    /// <summary>Adds or replaces a subscription, here and in the index. Of a shared one the session must become a member.</summary>
    public void Set(Subscription<LogSubscriber> subscription)
    {
        _byFilter ??= new ProbeTable<Subscription<LogSubscriber>>();
        _byFilter.Set(new FilterKey(subscription.Filter), subscription);
        if (subscription.Filter.IsShared)
        {
            var shared = services.Shared.GetOrAdd(session.Product, subscription.Filter);
            Volatile.Write(ref _shared, [.. _shared.Where(one => one != shared), shared]);
            return;
        }

        services.Subscriptions.AddOrReplace(session.ProductUtf8, subscription);
        _keysAreKnown = false;
    }

    /// <summary>Removes a subscription. Of a shared one the session must cease to be a member.</summary>
    public bool Remove(TopicFilter filter)
    {
        if (_byFilter?.Remove(new FilterKey(filter)) is null)
        {
            return false;
        }

        if (filter.IsShared)
        {
            var fullFilter = filter.ToString();
            Volatile.Write(ref _shared, [.. _shared.Where(one => one.FullFilter != fullFilter)]);
            return true;
        }

        services.Subscriptions.Remove(session.ProductUtf8, filter, session);
        _keysAreKnown = false;
        return true;
    }

    /// <summary>Takes all of them out of the index. The session has ended, so none is added any more.</summary>
    public void LeaveIndex()
    {
        foreach (var subscription in All.Where(one => !one.Filter.IsShared))
        {
            services.Subscriptions.Remove(session.ProductUtf8, subscription.Filter, session);
        }
    }

    /// <summary>How the session wants a record of the log.</summary>
    /// <returns>False when no subscription matches, or all that match are younger than the record.</returns>
    public bool TryGetTerms(ReadOnlySpan<byte> topic, int partition, long offset, out DeliveryTerms terms)
    {
        var found = false;
        var qualityOfService = QualityOfService.AtMostOnce;
        var (noLocal, retainAsPublished) = (true, false);
        uint[] identifiers = [];
        foreach (var subscription in Candidates(topic))
        {
            if (subscription.Filter.IsShared || !subscription.Covers(partition, offset) || !subscription.Filter.Matches(topic))
            {
                continue;
            }

            found = true;
            var options = subscription.Options;
            qualityOfService = (QualityOfService)Math.Max((byte)qualityOfService, (byte)options.QualityOfService);
            noLocal &= options.NoLocal;
            retainAsPublished |= options.RetainAsPublished;
            identifiers = subscription.Identifier == 0 ? identifiers : [.. identifiers, subscription.Identifier];
        }

        terms = new DeliveryTerms(qualityOfService, found && noLocal, retainAsPublished, identifiers);
        return found;
    }

    /// <summary>Forgets the beginnings of subscriptions that every reader has passed.</summary>
    public void ForgetBeginningsBefore(long[] mark)
    {
        foreach (var subscription in All)
        {
            if (subscription.Since is { } since && Cursors.HasReached(mark, since))
            {
                subscription.Since = null;
            }
        }
    }

    /// <summary>Lets the readers of its shared subscriptions look again.</summary>
    public void WakeShared()
    {
        foreach (var shared in Shared)
        {
            shared.Wake();
        }
    }

    private IEnumerable<Subscription<LogSubscriber>> Candidates(ReadOnlySpan<byte> topic)
    {
        if (Count <= MostAskedOneByOne)
        {
            return All;
        }

        foreach (ref readonly var match in services.Subscriptions.Match(session.ProductUtf8, topic).Subscribers)
        {
            if (match.Subscriber == session)
            {
                return match.Subscriptions.ToArray();
            }
        }

        return [];
    }

    private HashSet<ulong>? CollectKeys()
    {
        var keys = new HashSet<ulong>();
        foreach (var subscription in All.Where(one => !one.Filter.IsShared))
        {
            var literal = subscription.Filter.LiteralKeys();
            if (literal.Count == 0)
            {
                return null;
            }

            foreach (var key in literal)
            {
                keys.Add(Partitioning.KeyHash(session.ProductUtf8, key));
            }
        }

        return keys;
    }

    private readonly struct FilterKey(TopicFilter filter) : IProbeKey<Subscription<LogSubscriber>>
    {
        public uint Hash { get; } = (uint)filter.GetHashCode();

        public uint HashOf(Subscription<LogSubscriber> entry) => (uint)entry.Filter.GetHashCode();

        public bool IsKeyOf(Subscription<LogSubscriber> entry) => entry.Filter.Equals(filter);
    }
}
