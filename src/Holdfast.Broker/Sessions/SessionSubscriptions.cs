using System.Diagnostics.CodeAnalysis;
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

    private readonly Dictionary<string, Subscription<Session>> _byFilter = new(StringComparer.Ordinal);
    private HashSet<ulong>? _keys;
    private bool _keysAreKnown;

    public int Count => _byFilter.Count;

    public IEnumerable<Subscription<Session>> All => _byFilter.Values;

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

    public bool TryGet(string filter, [NotNullWhen(true)] out Subscription<Session>? subscription) => _byFilter.TryGetValue(filter, out subscription);

    /// <summary>Adds or replaces a subscription, here and in the index.</summary>
    public void Set(Subscription<Session> subscription)
    {
        _byFilter[subscription.Filter.ToString()] = subscription;
        services.Subscriptions.AddOrReplace(session.ProductUtf8, subscription);
        _keysAreKnown = false;
    }

    public bool Remove(string filter)
    {
        if (!_byFilter.Remove(filter, out var subscription))
        {
            return false;
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
            if (!subscription.Covers(partition, offset) || !subscription.Filter.Matches(topic))
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

    private IEnumerable<Subscription<Session>> Candidates(ReadOnlySpan<byte> topic)
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
        foreach (var subscription in _byFilter.Values)
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
