using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Subscriptions;

/// <summary>
/// A node of the subscription tree. A branch (<see cref="Plus"/>, a child) holds a node, or, while one filter only leads that way, what
/// stands at the end of it: a <see cref="Subscription"/> or a <see cref="SubscriberSet"/>.
/// </summary>
/// <param name="through">A filter that leads through the node.</param>
/// <param name="next">Where the levels below the node start in the filters that lead through it.</param>
internal sealed class SubscriptionNode(TopicFilter through, int next) : ITopicEntry
{
    private ITopicEntry? _here;
    private ITopicEntry? _below;
    private ITopicEntry? _plus;
    private ProbeTable<ITopicEntry>? _children;

    public ReadOnlySpan<byte> Path => through.Levels;

    public int Next => next;

    /// <summary>The filter that ends here.</summary>
    public ref ITopicEntry? Here => ref _here;

    /// <summary>The filter that ends with a '#' below this node.</summary>
    public ref ITopicEntry? Below => ref _below;

    /// <summary>The branch of '+'.</summary>
    public ref ITopicEntry? Plus => ref _plus;

    /// <summary>The branches of literal levels, when there are any.</summary>
    public ProbeTable<ITopicEntry>? Children => Volatile.Read(ref _children);

    public bool IsEmpty => _here is null && _below is null && _plus is null && _children is null;

    public void SetChild(LevelKey key, ITopicEntry branch)
    {
        if (_children is { } children)
        {
            children.Set(key, branch);
            return;
        }

        var created = new ProbeTable<ITopicEntry>();
        created.Set(key, branch);
        Volatile.Write(ref _children, created);
    }

    public void RemoveChild(LevelKey key)
    {
        _children!.Remove(key);
        if (_children.Count == 0)
        {
            Volatile.Write(ref _children, null);
        }
    }
}
