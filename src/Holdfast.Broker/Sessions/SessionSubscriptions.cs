using System.Diagnostics.CodeAnalysis;
using Holdfast.Broker.SharedSubscriptions;
using Holdfast.Broker.Subscriptions;
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

    private static readonly Dictionary<string, Subscription<LogSubscriber>> None = [];

    private Dictionary<string, Subscription<LogSubscriber>> _byFilter = None;
    private SharedSubscription[] _shared = [];
    private HashSet<ulong>? _keys;
    private bool _keysAreKnown;

    public int Count => _byFilter.Count;

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<Subscription<LogSubscriber>> All => _byFilter.Values;

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

    public bool TryGet(string filter, [NotNullWhen(true)] out Subscription<LogSubscriber>? subscription) => _byFilter.TryGetValue(filter, out subscription);

    /// <summary>Adds or replaces a subscription, here and in the index. Of a shared one the session must become a member.</summary>
    public void Set(Subscription<LogSubscriber> subscription)
    {
        if (_byFilter == None)
        {
            _byFilter = new Dictionary<string, Subscription<LogSubscriber>>(StringComparer.Ordinal);
        }

        _byFilter[subscription.Filter.ToString()] = subscription;
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
    public bool Remove(string filter)
    {
        if (!_byFilter.Remove(filter, out var subscription))
        {
            return false;
        }

        if (subscription.Filter.IsShared)
        {
            Volatile.Write(ref _shared, [.. _shared.Where(one => one.FullFilter != filter)]);
            return true;
        }

        services.Subscriptions.Remove(session.ProductUtf8, subscription.Filter, session);
        _keysAreKnown = false;
        return true;
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
        foreach (var subscription in _byFilter.Values)
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
        if (_byFilter.Count <= MostAskedOneByOne)
        {
            return _byFilter.Values;
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
        foreach (var subscription in _byFilter.Values.Where(one => !one.Filter.IsShared))
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
}
