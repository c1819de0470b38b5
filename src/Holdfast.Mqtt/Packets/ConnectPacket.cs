namespace Holdfast.Mqtt.Packets;

/// <summary>A CONNECT.</summary>
public sealed record ConnectPacket
{
    /// <summary>The protocol version.</summary>
    public required ProtocolVersion Version { get; init; }

    /// <summary>The client identifier; empty asks the server to assign one.</summary>
    public required string ClientId { get; init; }

    /// <summary>Clean session (3.1.1) or clean start (5).</summary>
    public bool CleanStart { get; init; }

    /// <summary>The keep-alive in seconds; 0 turns it off.</summary>
    public ushort KeepAliveSeconds { get; init; }

    /// <summary>The user name, or null.</summary>
    public string? UserName { get; init; }

    /// <summary>The password, or null.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    /// <summary>The will, or null.</summary>
    public Will? Will { get; init; }

    /// <summary>MQTT 5: the session expiry interval in seconds. The decoder of 3.1.1 sets 0 for a clean session, else <see cref="uint.MaxValue"/>.</summary>
    public uint SessionExpirySeconds { get; init; }

    /// <summary>MQTT 5: the client's receive maximum; 65,535 when absent.</summary>
    public ushort ReceiveMaximum { get; init; } = ushort.MaxValue;

    /// <summary>MQTT 5: the largest packet the client accepts in bytes; <see cref="uint.MaxValue"/> when absent.</summary>
    public uint MaximumPacketSize { get; init; } = uint.MaxValue;

    /// <summary>MQTT 5: how many topic aliases the client accepts; 0 when absent.</summary>
    public ushort TopicAliasMaximum { get; init; }

    /// <summary>MQTT 5: the client asks for response information.</summary>
    public bool RequestResponseInformation { get; init; }

    /// <summary>MQTT 5: the client accepts reason strings and user properties on packets other than PUBLISH, CONNACK and DISCONNECT.</summary>
    public bool RequestProblemInformation { get; init; } = true;

    /// <summary>MQTT 5: the authentication method, or null.</summary>
    public string? AuthenticationMethod { get; init; }

    /// <summary>MQTT 5: the authentication data, or null.</summary>
    public ReadOnlyMemory<byte>? AuthenticationData { get; init; }

    /// <summary>MQTT 5: the user properties, in order.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];
}

/// <summary>The will of a CONNECT.</summary>
public sealed record Will
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The payload.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The quality of service.</summary>
    public QualityOfService QualityOfService { get; init; }

    /// <summary>Whether the message is retained.</summary>
    public bool Retain { get; init; }

    /// <summary>MQTT 5: the will delay interval in seconds.</summary>
    public uint DelaySeconds { get; init; }

    /// <summary>MQTT 5: the message expiry interval in seconds, or null.</summary>
    public uint? MessageExpirySeconds { get; init; }

    /// <summary>MQTT 5: the properties that are forwarded unchanged, encoded as in <see cref="PublishPacket.Properties"/>.</summary>
    public ReadOnlyMemory<byte> Properties { get; init; }
}

/// <summary>A user property.</summary>
/// <param name="Name">The name; may be repeated.</param>
/// <param name="Value">The value.</param>
public readonly record struct UserProperty(string Name, string Value);
