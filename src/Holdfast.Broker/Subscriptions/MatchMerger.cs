using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Holdfast.Broker.Subscriptions;

/// <summary>Makes of the subscriptions that match a topic a list of subscribers, each once.</summary>
internal static class MatchMerger
{
    public static SubscriptionMatches<TSubscriber> Merge<TSubscriber>(MatchCollector collector)
        where TSubscriber : class
    {
        var found = CollectionsMarshal.AsSpan(collector.Subscriptions);
        if (found.IsEmpty)
        {
            return SubscriptionMatches<TSubscriber>.Empty;
        }

        var all = new Subscription<TSubscriber>[found.Length];
        if (found.Length > 1 && collector.MayOverlap)
        {
            return new SubscriptionMatches<TSubscriber>(Group(found, all));
        }

        var subscribers = new MatchedSubscriber<TSubscriber>[found.Length];
        for (var index = 0; index < found.Length; index++)
        {
            all[index] = Unsafe.As<Subscription<TSubscriber>>(found[index]);
            subscribers[index] = new MatchedSubscriber<TSubscriber>(all, index, 1);
        }

        return new SubscriptionMatches<TSubscriber>(subscribers);
    }

    /// <summary>Orders the subscriptions so that those of one subscriber lie together.</summary>
    private static MatchedSubscriber<TSubscriber>[] Group<TSubscriber>(ReadOnlySpan<Subscription> found, Subscription<TSubscriber>[] all)
        where TSubscriber : class
    {
        var counts = new Dictionary<object, int>(found.Length, ReferenceEqualityComparer.Instance);
        foreach (var subscription in found)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, subscription.Owner, out _)++;
        }

        var places = new Dictionary<object, int>(counts.Count, ReferenceEqualityComparer.Instance);
        var place = 0;
        foreach (var (owner, count) in counts)
        {
            places[owner] = place;
            place += count;
        }

        foreach (var subscription in found)
        {
            all[CollectionsMarshal.GetValueRefOrNullRef(places, subscription.Owner)++] = Unsafe.As<Subscription<TSubscriber>>(subscription);
        }

        var subscribers = new MatchedSubscriber<TSubscriber>[counts.Count];
        var next = 0;
        foreach (var (owner, count) in counts)
        {
            subscribers[next++] = new MatchedSubscriber<TSubscriber>(all, places[owner] - count, count);
        }

        return subscribers;
    }
}
