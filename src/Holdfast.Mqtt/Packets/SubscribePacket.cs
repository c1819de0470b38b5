namespace Holdfast.Mqtt.Packets;

/// <summary>A SUBSCRIBE.</summary>
public sealed record SubscribePacket
{
    /// <summary>The packet identifier.</summary>
    public required ushort PacketId { get; init; }

    /// <summary>The requests, at least one, in order.</summary>
    public required IReadOnlyList<SubscriptionRequest> Requests { get; init; }

    /// <summary>MQTT 5: the subscription identifier, or 0.</summary>
    public uint SubscriptionIdentifier { get; init; }

    /// <summary>MQTT 5: the user properties, in order.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];
}

/// <summary>One filter of a SUBSCRIBE.</summary>
/// <param name="Filter">The topic filter, valid UTF-8; whether it is a valid filter is the broker's to judge.</param>
/// <param name="QualityOfService">The highest quality of service wanted.</param>
/// <param name="NoLocal">MQTT 5: do not send back what this client published.</param>
/// <param name="RetainAsPublished">MQTT 5: keep the RETAIN flag as published.</param>
/// <param name="RetainHandling">MQTT 5: 0 send retained messages, 1 only for a new subscription, 2 never.</param>
public readonly record struct SubscriptionRequest(
    string Filter, QualityOfService QualityOfService, bool NoLocal = false, bool RetainAsPublished = false, byte RetainHandling = 0);

/// <summary>An UNSUBSCRIBE.</summary>
public sealed record UnsubscribePacket
{
    /// <summary>The packet identifier.</summary>
    public required ushort PacketId { get; init; }

    /// <summary>The filters, at least one, in order.</summary>
    public required IReadOnlyList<string> Filters { get; init; }

    /// <summary>MQTT 5: the user properties, in order.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];
}

/// <summary>A SUBACK or an UNSUBACK.</summary>
public sealed record SubscriptionAckPacket
{
    /// <summary><see cref="PacketType.SubAck"/> or <see cref="PacketType.UnsubAck"/>.</summary>
    public required PacketType Type { get; init; }

    /// <summary>The packet identifier.</summary>
    public required ushort PacketId { get; init; }

    /// <summary>One for each filter, in order. In a 3.1.1 SUBACK every failure is written as 0x80; a 3.1.1 UNSUBACK has none.</summary>
    public required IReadOnlyList<ReasonCode> Reasons { get; init; }

    /// <summary>MQTT 5: why, in words.</summary>
    public string? ReasonString { get; init; }

    /// <summary>MQTT 5: the user properties, in order.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];
}
