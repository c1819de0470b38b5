using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Retained;

/// <summary>A node of the tree of retained topics. A child is a node, or, while one topic only leads that way, its message.</summary>
/// <param name="through">A topic that leads through the node.</param>
/// <param name="next">Where the levels below the node start in the topics that lead through it.</param>
internal sealed class RetainedNode(byte[] through, int next) : ITopicEntry
{
    public ReadOnlySpan<byte> Path => through;

    public int Next => next;

    /// <summary>The message of the topic that ends here.</summary>
    public RetainedMessage? Here { get; set; }

    public ProbeTable<ITopicEntry>? Children { get; private set; }

    public bool IsEmpty => Here is null && Children is null;

    public void SetChild(LevelKey key, ITopicEntry child) => (Children ??= new()).Set(key, child);

    public void RemoveChild(LevelKey key)
    {
        Children!.Remove(key);
        if (Children.Count == 0)
        {
            Children = null;
        }
    }
}
