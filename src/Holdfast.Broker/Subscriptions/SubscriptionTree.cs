using System.Diagnostics.CodeAnalysis;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Subscriptions;

/// <summary>
/// The subscriptions of one product as a tree of levels, walked once per match, so that the cost does not grow with the number of filters.
/// One writer at a time; readers take no lock and see each change wholly or not at all, but may see a later change without an earlier one:
/// <see cref="MatchVersions"/> tells them when to look again. The recursion is bounded by <see cref="TopicFilter.MaximumLevels"/>.
/// </summary>
/// <param name="product">The product in UTF-8.</param>
/// <param name="anyFilter">The filter that the root bears.</param>
internal sealed class SubscriptionTree(byte[] product, TopicFilter anyFilter)
{
    private readonly SubscriptionNode _root = new(anyFilter, 0);

    /// <summary>The product in UTF-8.</summary>
    public byte[] Product => product;

    /// <summary>Whether there is no subscription.</summary>
    public bool IsEmpty => _root.IsEmpty;

    /// <summary>Adds a subscription in the place of the same owner's of the same filter.</summary>
    /// <returns>The subscription that was replaced, or null.</returns>
    public Subscription? Put(Subscription subscription) => Put(_root, subscription);

    /// <returns>The subscription that was removed, or null.</returns>
    public Subscription? Remove(TopicFilter filter, object owner) => Remove(_root, filter.Levels, owner);

    /// <summary>The subscriptions of one owner. Looks at all there are: a list for each owner would cost every subscription its place in it.</summary>
    public List<Subscription> Of(object owner)
    {
        var found = new List<Subscription>();
        AddOwned(_root, owner, found);
        return found;
    }

    /// <summary>Collects the subscriptions that match.</summary>
    public void Collect(ReadOnlySpan<byte> topic, ref MatchCollector into)
        => Walk(_root, topic, 0, topic is [(byte)'$', ..], ref into);

    private static Subscription? Put(SubscriptionNode node, Subscription subscription)
    {
        var path = subscription.Filter.Levels;
        while (true)
        {
            if (node.Next > path.Length)
            {
                return PutAtEnd(ref node.Here, subscription);
            }

            var level = TopicLevels.First(path[node.Next..]);
            if (level is [(byte)'#'])
            {
                return PutAtEnd(ref node.Below, subscription);
            }

            var key = new LevelKey(level, node.Next);
            var isPlus = level is [(byte)'+'];
            var branch = isPlus ? node.Plus : node.Children?.Find(key);
            if (branch is SubscriptionNode deeper)
            {
                node = deeper;
                continue;
            }

            var replaced = PutInBranch(ref branch, node.Next + level.Length + 1, subscription);
            if (isPlus)
            {
                Volatile.Write(ref node.Plus, branch);
            }
            else
            {
                node.SetChild(key, branch);
            }

            return replaced;
        }
    }

    /// <summary>Puts a subscription into a branch that is empty or holds the end of one filter. A new node is complete before it is seen.</summary>
    private static Subscription? PutInBranch([NotNull] ref ITopicEntry? branch, int next, Subscription subscription)
    {
        if (branch is null || branch.Path.SequenceEqual(subscription.Filter.Levels))
        {
            return PutAtEnd(ref branch, subscription);
        }

        var node = new SubscriptionNode(subscription.Filter, next);
        Move(branch, node);
        branch = node;
        return Put(node, subscription);
    }

    private static void Move(ITopicEntry end, SubscriptionNode node)
    {
        if (node.Next > end.Path.Length)
        {
            node.Here = end;
            return;
        }

        var level = TopicLevels.First(end.Path[node.Next..]);
        switch (level)
        {
            case [(byte)'#']:
                node.Below = end;
                break;
            case [(byte)'+']:
                node.Plus = end;
                break;
            default:
                node.SetChild(new LevelKey(level, node.Next), end);
                break;
        }
    }

    private static Subscription? PutAtEnd([NotNull] ref ITopicEntry? end, Subscription subscription)
    {
        switch (end)
        {
            case SubscriberSet set:
                return set.Subscriptions.Set(new SubscriberSet.OwnerKey(subscription.Owner), subscription);
            case Subscription other when other.Owner != subscription.Owner:
                Volatile.Write(ref end, new SubscriberSet(other, subscription));
                return null;
            default:
                var replaced = end as Subscription;
                Volatile.Write(ref end, subscription);
                return replaced;
        }
    }

    private static Subscription? Remove(SubscriptionNode node, ReadOnlySpan<byte> path, object owner)
    {
        if (node.Next > path.Length)
        {
            return RemoveFrom(ref node.Here, path, owner);
        }

        var level = TopicLevels.First(path[node.Next..]);
        switch (level)
        {
            case [(byte)'#']:
                return RemoveFrom(ref node.Below, path, owner);
            case [(byte)'+']:
                return RemoveFrom(ref node.Plus, path, owner);
        }

        var key = new LevelKey(level, node.Next);
        var branch = node.Children?.Find(key);
        var removed = RemoveFrom(ref branch, path, owner);
        if (removed is not null && branch is null)
        {
            node.RemoveChild(key);
        }

        return removed;
    }

    /// <summary>Removes from a branch, and makes it null when nothing is left in it.</summary>
    private static Subscription? RemoveFrom(ref ITopicEntry? branch, ReadOnlySpan<byte> path, object owner)
    {
        Subscription? removed;
        bool isEmpty;
        switch (branch)
        {
            case SubscriptionNode node:
                removed = Remove(node, path, owner);
                isEmpty = node.IsEmpty;
                break;
            case SubscriberSet set when set.Path.SequenceEqual(path):
                removed = set.Subscriptions.Remove(new SubscriberSet.OwnerKey(owner));
                isEmpty = set.Subscriptions.Count == 0;
                break;
            case Subscription subscription when subscription.Owner == owner && subscription.Filter.Levels.SequenceEqual(path):
                removed = subscription;
                isEmpty = true;
                break;
            default:
                return null;
        }

        if (isEmpty)
        {
            Volatile.Write(ref branch, null);
        }

        return removed;
    }

    private static void AddOwned(ITopicEntry? branch, object owner, List<Subscription> found)
    {
        switch (branch)
        {
            case SubscriptionNode node:
                AddOwned(node.Here, owner, found);
                AddOwned(node.Below, owner, found);
                AddOwned(node.Plus, owner, found);
                if (node.Children is { } children)
                {
                    foreach (var child in children)
                    {
                        AddOwned(child, owner, found);
                    }
                }

                break;
            case SubscriberSet set when set.Subscriptions.Find(new SubscriberSet.OwnerKey(owner)) is { } subscription:
                found.Add(subscription);
                break;
            case Subscription subscription when subscription.Owner == owner:
                found.Add(subscription);
                break;
        }
    }

    private static void Walk(SubscriptionNode node, ReadOnlySpan<byte> topic, int position, bool wildcardsAreBlind, ref MatchCollector into)
    {
        if (!wildcardsAreBlind)
        {
            into.Add(Volatile.Read(ref node.Below));
        }

        if (position > topic.Length)
        {
            into.Add(Volatile.Read(ref node.Here));
            return;
        }

        var rest = topic[position..];
        var level = TopicLevels.First(rest);
        if (node.Children is { } children)
        {
            Visit(children.Find(new LevelKey(level, node.Next)), node.Next, topic, position, level.Length, ref into);
        }

        if (!wildcardsAreBlind)
        {
            Visit(Volatile.Read(ref node.Plus), node.Next, topic, position, level.Length, ref into);
        }
    }

    private static void Visit(
        ITopicEntry? branch, int branchStart, ReadOnlySpan<byte> topic, int position, int levelLength, ref MatchCollector into)
    {
        if (branch is SubscriptionNode node)
        {
            Walk(node, topic, position + levelLength + 1, wildcardsAreBlind: false, ref into);
        }
        else if (branch is not null && TopicFilter.LevelsMatch(branch.Path[branchStart..], topic[position..]))
        {
            into.Add(branch);
        }
    }
}
