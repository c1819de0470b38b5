using Holdfast.Broker.Sessions;
using Holdfast.Broker.Subscriptions;

namespace Holdfast.Broker.SharedSubscriptions;

/// <summary>A session that takes part in a shared subscription, with what it asked for.</summary>
internal sealed class SharedMember(Session session, Subscription<LogSubscriber> subscription)
{
    private readonly uint[] _identifiers = subscription.Identifier == 0 ? [] : [subscription.Identifier];

    public Session Session => session;

    /// <summary>Its own quality of service [MQTT-4.8.2-3] and identifier. No Local does not exist here [MQTT-3.8.3-4].</summary>
    public DeliveryTerms Terms
        => new(subscription.Options.QualityOfService, noLocal: false, subscription.Options.RetainAsPublished, _identifiers);
}
