using System.Runtime.InteropServices;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Subscriptions;

/// <summary>The subscriptions of one product: the tree, and for each subscriber the list of its own.</summary>
internal sealed class ProductSubscriptions(byte[] product, TopicFilter anyFilter)
{
    private readonly SubscriptionTree _tree = new(anyFilter);
    private readonly Dictionary<object, Subscription> _firstOfOwner = new(ReferenceEqualityComparer.Instance);

    public byte[] Product => product;

    public bool IsEmpty => _firstOfOwner.Count == 0;

    public Subscription? FirstOf(object owner) => _firstOfOwner.GetValueOrDefault(owner);

    public Subscription? Put(Subscription subscription)
    {
        var replaced = _tree.Put(subscription);
        Link(subscription);
        if (replaced is not null)
        {
            Unlink(replaced);
        }

        return replaced;
    }

    public Subscription? Remove(TopicFilter filter, object owner)
    {
        var removed = _tree.Remove(filter, owner);
        if (removed is not null)
        {
            Unlink(removed);
        }

        return removed;
    }

    public void Collect(ReadOnlySpan<byte> topic, ref MatchCollector into) => _tree.Collect(topic, ref into);

    private void Link(Subscription subscription)
    {
        ref var first = ref CollectionsMarshal.GetValueRefOrAddDefault(_firstOfOwner, subscription.Owner, out _);
        subscription.Next = first;
        if (first is not null)
        {
            first.Previous = subscription;
        }

        first = subscription;
    }

    private void Unlink(Subscription subscription)
    {
        if (subscription.Next is { } next)
        {
            next.Previous = subscription.Previous;
        }

        if (subscription.Previous is { } previous)
        {
            previous.Next = subscription.Next;
        }
        else if (subscription.Next is { } newFirst)
        {
            _firstOfOwner[subscription.Owner] = newFirst;
        }
        else
        {
            _firstOfOwner.Remove(subscription.Owner);
        }

        subscription.Previous = null;
        subscription.Next = null;
    }
}
