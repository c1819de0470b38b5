namespace Holdfast.Mqtt.Packets;

/// <summary>A DISCONNECT.</summary>
public sealed record DisconnectPacket
{
    /// <summary>The reason; always success in MQTT 3.1.1.</summary>
    public ReasonCode Reason { get; init; }

    /// <summary>Client to server: the session expiry interval in seconds, or null to leave it.</summary>
    public uint? SessionExpirySeconds { get; init; }

    /// <summary>Why, in words.</summary>
    public string? ReasonString { get; init; }

    /// <summary>Server to client: another server to use.</summary>
    public string? ServerReference { get; init; }

    /// <summary>The user properties, in order.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];
}

/// <summary>An AUTH, MQTT 5 only.</summary>
public sealed record AuthPacket
{
    /// <summary>Success, continue, or re-authenticate.</summary>
    public ReasonCode Reason { get; init; }

    /// <summary>The method.</summary>
    public string? AuthenticationMethod { get; init; }

    /// <summary>The data.</summary>
    public ReadOnlyMemory<byte>? AuthenticationData { get; init; }

    /// <summary>Why, in words.</summary>
    public string? ReasonString { get; init; }

    /// <summary>The user properties, in order.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];
}
