using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Holdfast.Server.Clients;

/// <summary>How <c>pub</c> and <c>sub</c> connect.</summary>
internal sealed record ClientOptions
{
    /// <summary>The broker's host.</summary>
    public required string Host { get; init; }

    /// <summary>The broker's port.</summary>
    public required int Port { get; init; }

    /// <summary>What carries MQTT.</summary>
    public ClientCarrier Carrier { get; init; }

    /// <summary>The path of a WebSocket URL.</summary>
    public string WebSocketPath { get; init; } = "/mqtt";

    /// <summary>A PEM file with the certificates to trust instead of the system's, or null.</summary>
    public string? TrustedCertificates { get; init; }

    /// <summary>Whether any certificate is taken.</summary>
    public bool Insecure { get; init; }

    /// <summary>The protocol version.</summary>
    public MqttProtocolVersion Version { get; init; } = MqttProtocolVersion.V500;

    /// <summary>The client identifier.</summary>
    public required string ClientId { get; init; }

    /// <summary>The user name, or null.</summary>
    public string? UserName { get; init; }

    /// <summary>The password, or null. Never shown.</summary>
    public string? Password { get; init; }

    /// <summary>The keep-alive in seconds.</summary>
    public int KeepAliveSeconds { get; init; } = 60;

    /// <summary>Whether an earlier session is thrown away.</summary>
    public bool CleanStart { get; init; } = true;

    /// <summary>How long the session outlives the connection, in seconds.</summary>
    public uint SessionExpirySeconds { get; init; }

    /// <summary>The will, or null.</summary>
    public ClientWill? Will { get; init; }

    /// <summary>The properties given with <c>-D</c>.</summary>
    public IReadOnlyList<CommandProperty> Properties { get; init; } = [];

    /// <summary>The quality of service of what is published or subscribed to.</summary>
    public MqttQualityOfServiceLevel QualityOfService { get; init; }

    /// <summary>Whether each step is told on standard error.</summary>
    public bool Debug { get; init; }

    /// <summary>Whether errors are kept quiet.</summary>
    public bool Quiet { get; init; }

    /// <summary>Whether output is JSON lines.</summary>
    public bool Json { get; init; }
}

/// <summary>What carries MQTT.</summary>
internal enum ClientCarrier
{
    /// <summary>TCP.</summary>
    Tcp,

    /// <summary>TLS.</summary>
    Tls,

    /// <summary>WebSocket.</summary>
    WebSocket,

    /// <summary>WebSocket over TLS.</summary>
    WebSocketOverTls,
}

/// <summary>The will of a client.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Payload">The payload.</param>
/// <param name="QualityOfService">The quality of service.</param>
/// <param name="Retain">Whether it is retained.</param>
internal sealed record ClientWill(string Topic, byte[] Payload, MqttQualityOfServiceLevel QualityOfService, bool Retain);
