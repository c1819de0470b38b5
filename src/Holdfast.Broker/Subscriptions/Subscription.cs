using System.Runtime.CompilerServices;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Subscriptions;

/// <summary>A subscription, without the type of its subscriber. Immutable but for <see cref="Since"/>.</summary>
public abstract class Subscription : ITopicEntry
{
    private protected Subscription(TopicFilter filter, SubscriptionOptions options, uint identifier, long[]? since, object owner)
    {
        Filter = filter;
        Options = options;
        Identifier = identifier;
        Since = since;
        Owner = owner;
    }

    /// <summary>What it matches.</summary>
    public TopicFilter Filter { get; }

    /// <summary>How messages are sent.</summary>
    public SubscriptionOptions Options { get; }

    /// <summary>The subscription identifier, or 0.</summary>
    public uint Identifier { get; }

    /// <summary>
    /// One offset per partition: earlier records do not belong to it. Becomes null when the subscriber has passed all of them. Whoever
    /// changes it does so by putting another array in its place.
    /// </summary>
    public long[]? Since { get; set; }

    ReadOnlySpan<byte> ITopicEntry.Path => Filter.Levels;

    internal object Owner { get; }

    /// <summary>Whether a record belongs to it.</summary>
    /// <param name="partition">The record's partition.</param>
    /// <param name="offset">The record's offset.</param>
    public bool Covers(int partition, long offset) => Since is not { } since || offset >= since[partition];
}

/// <summary>A subscription.</summary>
/// <typeparam name="TSubscriber">Who receives; compared by reference.</typeparam>
public sealed class Subscription<TSubscriber> : Subscription
    where TSubscriber : class
{
    /// <summary>Makes a subscription.</summary>
    /// <param name="filter">What it matches.</param>
    /// <param name="options">How messages are sent.</param>
    /// <param name="identifier">The subscription identifier, or 0.</param>
    /// <param name="since">See <see cref="Subscription.Since"/>.</param>
    /// <param name="subscriber">Who receives.</param>
    public Subscription(TopicFilter filter, SubscriptionOptions options, uint identifier, long[]? since, TSubscriber subscriber)
        : base(filter, options, identifier, since, subscriber)
    {
    }

    /// <summary>Who receives.</summary>
    public TSubscriber Subscriber => Unsafe.As<TSubscriber>(Owner);
}
