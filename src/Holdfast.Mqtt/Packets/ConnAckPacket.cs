namespace Holdfast.Mqtt.Packets;

/// <summary>A CONNACK. A property that is null is not written.</summary>
public sealed record ConnAckPacket
{
    /// <summary>The reason code of MQTT 5; written to a 3.1.1 client as its return code.</summary>
    public required ReasonCode Reason { get; init; }

    /// <summary>Whether a session was there.</summary>
    public bool SessionPresent { get; init; }

    /// <summary>The session expiry interval in seconds that the server uses.</summary>
    public uint? SessionExpirySeconds { get; init; }

    /// <summary>The server's receive maximum.</summary>
    public ushort? ReceiveMaximum { get; init; }

    /// <summary>The highest quality of service; null for 2.</summary>
    public QualityOfService? MaximumQualityOfService { get; init; }

    /// <summary>Whether retained messages are supported.</summary>
    public bool? RetainAvailable { get; init; }

    /// <summary>The largest packet that the server accepts, in bytes.</summary>
    public uint? MaximumPacketSize { get; init; }

    /// <summary>The identifier that the server assigned.</summary>
    public string? AssignedClientId { get; init; }

    /// <summary>How many topic aliases the server accepts.</summary>
    public ushort? TopicAliasMaximum { get; init; }

    /// <summary>Why, in words.</summary>
    public string? ReasonString { get; init; }

    /// <summary>The user properties, in order.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];

    /// <summary>Whether wildcard subscriptions are supported.</summary>
    public bool? WildcardSubscriptionAvailable { get; init; }

    /// <summary>Whether subscription identifiers are supported.</summary>
    public bool? SubscriptionIdentifierAvailable { get; init; }

    /// <summary>Whether shared subscriptions are supported.</summary>
    public bool? SharedSubscriptionAvailable { get; init; }

    /// <summary>The keep-alive in seconds that the server demands.</summary>
    public ushort? ServerKeepAliveSeconds { get; init; }

    /// <summary>The response information.</summary>
    public string? ResponseInformation { get; init; }

    /// <summary>Another server to use.</summary>
    public string? ServerReference { get; init; }

    /// <summary>The authentication method.</summary>
    public string? AuthenticationMethod { get; init; }

    /// <summary>The authentication data.</summary>
    public ReadOnlyMemory<byte>? AuthenticationData { get; init; }
}
