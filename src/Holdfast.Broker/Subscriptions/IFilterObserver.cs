using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Subscriptions;

/// <summary>Hears which filters a <see cref="SubscriptionIndex{TSubscriber}"/> holds: once for each subscription.</summary>
public interface IFilterObserver
{
    /// <summary>A subscription was added. It must not block.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="filter">The filter.</param>
    void OnAdded(ReadOnlySpan<byte> product, TopicFilter filter);

    /// <summary>A subscription was removed. It must not block.</summary>
    /// <param name="product">The product in UTF-8.</param>
    /// <param name="filter">The filter.</param>
    void OnRemoved(ReadOnlySpan<byte> product, TopicFilter filter);
}
