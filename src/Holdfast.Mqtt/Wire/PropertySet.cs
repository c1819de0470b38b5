using static Holdfast.Mqtt.Wire.PropertyIdentifier;

namespace Holdfast.Mqtt.Wire;

/// <summary>A set of property identifiers: which properties a packet may carry (MQTT 5, table 2-4).</summary>
internal readonly struct PropertySet
{
    private readonly ulong _bits;

    private PropertySet(params ReadOnlySpan<PropertyIdentifier> identifiers)
    {
        foreach (var identifier in identifiers)
        {
            _bits |= Bit(identifier);
        }
    }

    private PropertySet(ulong bits) => _bits = bits;

    public static PropertySet Empty => default;

    public static PropertySet Connect { get; } = new(
        SessionExpiryInterval, ReceiveMaximum, MaximumPacketSize, TopicAliasMaximum, RequestResponseInformation, RequestProblemInformation,
        UserProperty, AuthenticationMethod, AuthenticationData);

    public static PropertySet Will { get; } = new(
        WillDelayInterval, PayloadFormatIndicator, MessageExpiryInterval, ContentType, ResponseTopic, CorrelationData, UserProperty);

    public static PropertySet ConnAck { get; } = new(
        SessionExpiryInterval, ReceiveMaximum, MaximumQos, RetainAvailable, MaximumPacketSize, AssignedClientIdentifier, TopicAliasMaximum,
        ReasonString, UserProperty, WildcardSubscriptionAvailable, SubscriptionIdentifierAvailable, SharedSubscriptionAvailable, ServerKeepAlive,
        ResponseInformation, ServerReference, AuthenticationMethod, AuthenticationData);

    public static PropertySet Publish { get; } = new(
        PayloadFormatIndicator, MessageExpiryInterval, ContentType, ResponseTopic, CorrelationData, SubscriptionIdentifier, TopicAlias, UserProperty);

    /// <summary>The properties of a PUBLISH that are handed on unchanged.</summary>
    public static PropertySet Forwardable { get; } = new(PayloadFormatIndicator, ContentType, ResponseTopic, CorrelationData, UserProperty);

    /// <summary>PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK.</summary>
    public static PropertySet Acknowledgement { get; } = new(ReasonString, UserProperty);

    public static PropertySet Subscribe { get; } = new(SubscriptionIdentifier, UserProperty);

    public static PropertySet Unsubscribe { get; } = new(UserProperty);

    public static PropertySet Disconnect { get; } = new(SessionExpiryInterval, ReasonString, UserProperty, ServerReference);

    public static PropertySet Auth { get; } = new(AuthenticationMethod, AuthenticationData, ReasonString, UserProperty);

    /// <summary>Whether the set holds the identifier.</summary>
    public bool Contains(PropertyIdentifier identifier) => (_bits & Bit(identifier)) != 0;

    /// <summary>The set with the identifier.</summary>
    public PropertySet With(PropertyIdentifier identifier) => new(_bits | Bit(identifier));

    private static ulong Bit(PropertyIdentifier identifier) => 1UL << (int)identifier;
}
