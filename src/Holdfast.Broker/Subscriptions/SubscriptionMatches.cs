using System.Diagnostics.CodeAnalysis;

namespace Holdfast.Broker.Subscriptions;

/// <summary>Who receives the messages of one topic. Immutable, and shared by all messages of that topic while subscriptions stay as they are.</summary>
/// <typeparam name="TSubscriber">Who receives.</typeparam>
public sealed class SubscriptionMatches<TSubscriber>
    where TSubscriber : class
{
    private readonly MatchedSubscriber<TSubscriber>[] _subscribers;

    internal SubscriptionMatches(MatchedSubscriber<TSubscriber>[] subscribers) => _subscribers = subscribers;

    /// <summary>Nobody. One instance for all topics that nobody subscribes to.</summary>
    [SuppressMessage("Design", "CA1000", Justification = "The empty value of a generic collection is where everybody looks for it.")]
    public static SubscriptionMatches<TSubscriber> Empty { get; } = new([]);

    /// <summary>Whether nobody receives.</summary>
    public bool IsEmpty => _subscribers.Length == 0;

    /// <summary>Each subscriber once, in no order.</summary>
    public ReadOnlySpan<MatchedSubscriber<TSubscriber>> Subscribers => _subscribers;
}
