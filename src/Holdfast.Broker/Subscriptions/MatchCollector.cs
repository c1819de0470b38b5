using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Subscriptions;

/// <summary>Gathers what a walk through the tree finds.</summary>
internal ref struct MatchCollector(List<Subscription> subscriptions)
{
    private int _filters;

    /// <summary>
    /// Whether a subscriber may have been found more than once. Within one filter each is there once.
    /// </summary>
    public readonly bool MayOverlap => _filters > 1;

    public readonly List<Subscription> Subscriptions => subscriptions;

    /// <summary>Starts anew.</summary>
    public void Clear()
    {
        subscriptions.Clear();
        _filters = 0;
    }

    /// <summary>Adds the subscriptions at the end of a filter.</summary>
    public void Add(ITopicEntry? end)
    {
        switch (end)
        {
            case null:
                return;
            case SubscriberSet set:
                foreach (var subscription in set.Subscriptions)
                {
                    subscriptions.Add(subscription);
                }

                break;
            default:
                subscriptions.Add((Subscription)end);
                break;
        }

        _filters++;
    }
}
