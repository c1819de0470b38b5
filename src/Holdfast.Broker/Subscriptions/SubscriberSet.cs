using System.Runtime.CompilerServices;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Subscriptions;

/// <summary>The subscriptions of one filter when it has, or had, more than one. One writer at a time; readers take no lock.</summary>
internal sealed class SubscriberSet : ITopicEntry
{
    private readonly TopicFilter _filter;

    public SubscriberSet(Subscription first, Subscription second)
    {
        _filter = first.Filter;
        Subscriptions.Set(new OwnerKey(first.Owner), first);
        Subscriptions.Set(new OwnerKey(second.Owner), second);
    }

    public ProbeTable<Subscription> Subscriptions { get; } = new();

    public ReadOnlySpan<byte> Path => _filter.Levels;

    internal readonly struct OwnerKey(object owner) : IProbeKey<Subscription>
    {
        public uint Hash => (uint)RuntimeHelpers.GetHashCode(owner);

        public uint HashOf(Subscription entry) => (uint)RuntimeHelpers.GetHashCode(entry.Owner);

        public bool IsKeyOf(Subscription entry) => entry.Owner == owner;
    }
}
