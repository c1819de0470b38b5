using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Retained;

/// <summary>
/// The retained messages of one product as a tree of topic levels. Nothing here recurses: the log may hold topics deeper than what is accepted today.
/// Not thread-safe.
/// </summary>
internal sealed class RetainedTree
{
    /// <summary>More nodes than this are not looked at in one go: whoever asks holds up all deliveries meanwhile.</summary>
    private const int MostLookedAt = 8192;

    private readonly RetainedNode _root = new([], 0);
    private readonly Stack<Step> _steps = new();
    private int _lookedAt;

    public bool IsEmpty => _root.IsEmpty;

    public RetainedMessage? Find(ReadOnlySpan<byte> topic)
    {
        var node = _root;
        while (node.Next <= topic.Length)
        {
            switch (node.Children?.Find(KeyBelow(node, topic)))
            {
                case RetainedNode deeper:
                    node = deeper;
                    break;
                case RetainedMessage message when message.Topic.SequenceEqual(topic):
                    return message;
                default:
                    return null;
            }
        }

        return node.Here;
    }

    public void Set(RetainedMessage message)
    {
        var topic = message.Topic;
        var node = _root;
        byte[]? path = null;
        while (node.Next <= topic.Length)
        {
            var key = KeyBelow(node, topic);
            switch (node.Children?.Find(key))
            {
                case RetainedNode deeper:
                    node = deeper;
                    break;
                case RetainedMessage other when !other.Topic.SequenceEqual(topic):
                    var next = node.Next + TopicLevels.First(topic[node.Next..]).Length + 1;
                    var created = new RetainedNode(path ??= topic.ToArray(), next);
                    Move(other, created);
                    node.SetChild(key, created);
                    node = created;
                    break;
                default:
                    node.SetChild(key, message);
                    return;
            }
        }

        node.Here = message;
    }

    /// <summary>Removes the message of a topic, and the nodes that led to nothing else.</summary>
    public void Remove(ReadOnlySpan<byte> topic)
    {
        var path = new List<RetainedNode> { _root };
        while (path[^1].Next <= topic.Length && path[^1].Children?.Find(KeyBelow(path[^1], topic)) is RetainedNode deeper)
        {
            path.Add(deeper);
        }

        var last = path[^1];
        if (last.Next > topic.Length)
        {
            last.Here = null;
        }
        else if (last.Children?.Find(KeyBelow(last, topic)) is RetainedMessage message && message.Topic.SequenceEqual(topic))
        {
            last.RemoveChild(KeyBelow(last, topic));
        }

        for (var index = path.Count - 1; index > 0 && path[index].IsEmpty; index--)
        {
            path[index - 1].RemoveChild(KeyBelow(path[index - 1], topic));
        }
    }

    /// <summary>Collects the messages whose topics match a filter, in no order.</summary>
    /// <returns>False when there are more than the maximum, or too many to look at: then it stops, and what it has collected is some of them.</returns>
    public bool Collect(ReadOnlySpan<byte> filter, int maximum, List<RetainedMessage> into)
    {
        _lookedAt = 0;
        _steps.Push(new Step(_root, 0));
        while (_steps.TryPop(out var step))
        {
            if (into.Count > maximum || _lookedAt > MostLookedAt)
            {
                _steps.Clear();
                return false;
            }

            if (step.Entry is RetainedNode node)
            {
                Visit(node, filter, step.FilterPosition, into);
            }
            else
            {
                into.Add((RetainedMessage)step.Entry);
            }
        }

        return into.Count <= maximum && _lookedAt <= MostLookedAt;
    }

    private void Visit(RetainedNode node, ReadOnlySpan<byte> filter, int position, List<RetainedMessage> into)
    {
        var matchesAll = position <= filter.Length && filter[position..] is [(byte)'#'];
        if (node.Here is { } message && (matchesAll || position > filter.Length))
        {
            into.Add(message);
        }

        if (node.Children is not { } children || position > filter.Length)
        {
            return;
        }

        var level = TopicLevels.First(filter[position..]);
        if (matchesAll || level is [(byte)'+'])
        {
            foreach (var child in children)
            {
                if (++_lookedAt > MostLookedAt)
                {
                    return;
                }

                if (node.Next > 0 || child.Path is not [(byte)'$', ..])
                {
                    Enter(child, node.Next, filter, position, matchesAll ? position : position + 2);
                }
            }
        }
        else if (children.Find(new LevelKey(level, node.Next)) is { } child)
        {
            Enter(child, node.Next, filter, position, position + level.Length + 1);
        }
    }

    /// <summary>Takes the way to a child: a node is visited with the filter's next level, a message must match what is left of the filter.</summary>
    private void Enter(ITopicEntry child, int start, ReadOnlySpan<byte> filter, int position, int nextPosition)
    {
        if (child is RetainedNode || TopicFilter.LevelsMatch(filter[position..], child.Path[start..]))
        {
            _steps.Push(new Step(child, nextPosition));
        }
    }

    private static void Move(RetainedMessage message, RetainedNode node)
    {
        if (node.Next > message.Topic.Length)
        {
            node.Here = message;
        }
        else
        {
            node.SetChild(KeyBelow(node, message.Topic), message);
        }
    }

    private static LevelKey KeyBelow(RetainedNode node, ReadOnlySpan<byte> topic) => new(TopicLevels.First(topic[node.Next..]), node.Next);

    private readonly record struct Step(ITopicEntry Entry, int FilterPosition);
}
