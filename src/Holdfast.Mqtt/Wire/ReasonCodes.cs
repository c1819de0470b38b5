using static Holdfast.Mqtt.ReasonCode;

namespace Holdfast.Mqtt.Wire;

/// <summary>Which reason codes a packet may carry (MQTT 5, table 2-6), and how MQTT 3.1.1 says them.</summary>
internal static class ReasonCodes
{
    /// <summary>Whether a PUBACK, PUBREC, PUBREL or PUBCOMP may say it.</summary>
    public static bool IsAllowedInAck(PacketType type, ReasonCode reason) => type switch
    {
        PacketType.PubRel or PacketType.PubComp => reason is Success or PacketIdentifierNotFound,
        _ => reason is Success or NoMatchingSubscribers or UnspecifiedError or ImplementationSpecificError or NotAuthorized
            or TopicNameInvalid or PacketIdentifierInUse or QuotaExceeded or PayloadFormatInvalid,
    };

    public static bool IsAllowedInConnAck(ReasonCode reason) => reason
        is Success or (>= UnspecifiedError and <= Banned) or BadAuthenticationMethod or TopicNameInvalid or PacketTooLarge or QuotaExceeded
        or PayloadFormatInvalid or RetainNotSupported or QosNotSupported or UseAnotherServer or ServerMoved or ConnectionRateExceeded;

    public static bool IsAllowedInSubAck(ReasonCode reason) => reason
        is Success or GrantedQos1 or GrantedQos2 or UnspecifiedError or ImplementationSpecificError or NotAuthorized or TopicFilterInvalid
        or PacketIdentifierInUse or QuotaExceeded or SharedSubscriptionsNotSupported or SubscriptionIdentifiersNotSupported
        or WildcardSubscriptionsNotSupported;

    public static bool IsAllowedInUnsubAck(ReasonCode reason) => reason
        is Success or NoSubscriptionExisted or UnspecifiedError or ImplementationSpecificError or NotAuthorized or TopicFilterInvalid
        or PacketIdentifierInUse;

    public static bool IsAllowedInDisconnectFromClient(ReasonCode reason) => reason
        is Success or DisconnectWithWill or (>= UnspecifiedError and <= ImplementationSpecificError) or TopicNameInvalid
        or (>= ReceiveMaximumExceeded and <= PayloadFormatInvalid);

    public static bool IsAllowedInDisconnectFromServer(ReasonCode reason) => reason
        is Success or (>= UnspecifiedError and <= ImplementationSpecificError) or NotAuthorized or ServerBusy or ServerShuttingDown
        or BadAuthenticationMethod or (>= KeepAliveTimeout and <= TopicNameInvalid)
        or (>= ReceiveMaximumExceeded and <= WildcardSubscriptionsNotSupported);

    public static bool IsAllowedInAuth(ReasonCode reason) => reason is Success or ContinueAuthentication or Reauthenticate;

    /// <summary>
    /// The return code of a 3.1.1 CONNACK, or null when none applies and the connection is closed without one [3.1.1 MQTT-3.2.2-6].
    /// </summary>
    public static byte? ToReturnCode(ReasonCode reason) => reason switch
    {
        Success => 0,
        UnsupportedProtocolVersion => 1,
        ClientIdentifierNotValid => 2,
        ServerUnavailable or ServerBusy or ServerShuttingDown or QuotaExceeded or UseAnotherServer or ServerMoved or ConnectionRateExceeded
            or UnspecifiedError or ImplementationSpecificError => 3,
        BadUserNameOrPassword or BadAuthenticationMethod => 4,
        NotAuthorized or Banned => 5,
        _ => null,
    };

    /// <summary>What the return code of a 3.1.1 CONNACK means, or null for a reserved one.</summary>
    public static ReasonCode? FromReturnCode(byte returnCode) => returnCode switch
    {
        0 => Success,
        1 => UnsupportedProtocolVersion,
        2 => ClientIdentifierNotValid,
        3 => ServerUnavailable,
        4 => BadUserNameOrPassword,
        5 => NotAuthorized,
        _ => null,
    };
}
