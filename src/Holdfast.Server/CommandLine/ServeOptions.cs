using System.Net;
using Holdfast.Integrations.Network;
using Holdfast.Transport.Tls;

namespace Holdfast.Server.CommandLine;

/// <summary>What <c>holdfast serve</c> was asked for, validated.</summary>
internal sealed record ServeOptions
{
    /// <summary>The listeners without <c>--listen</c>.</summary>
    public static readonly IReadOnlyList<ListenUrl> DefaultListen =
    [
        new(ListenScheme.Mqtt, new IPEndPoint(IPAddress.Loopback, 1883)),
        new(ListenScheme.Http, new IPEndPoint(IPAddress.Loopback, 8080)),
    ];

    /// <summary>The data directory; made when it is missing.</summary>
    public string Data { get; init; } = "./data";

    /// <summary>Where to listen, in the order given.</summary>
    public IReadOnlyList<ListenUrl> Listen { get; init; } = DefaultListen;

    /// <summary>Whether anonymous clients are allowed on listeners beyond loopback too.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>The certificate of the listeners with TLS, or null.</summary>
    public CertificateFiles? Certificate { get; init; }

    /// <summary>Origins of web pages that may connect over WebSocket besides this server's own.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>How long a commit may take before all clients are disconnected.</summary>
    public TimeSpan AckDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest keep-alive of an MQTT 5 client; null for no bound.</summary>
    public TimeSpan? MaximumKeepAlive { get; init; }

    /// <summary>Where MQTT 5 clients are sent when this node cannot commit or shuts down, or null.</summary>
    public string? ServerReference { get; init; }

    /// <summary>Below so many free bytes on the volume publishing is refused.</summary>
    public long MinFreeBytes { get; init; } = 256_000_000;

    /// <summary>Events older than this are removed.</summary>
    public TimeSpan RetentionAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The oldest events are removed while the log is larger, in bytes; null for no bound.</summary>
    public long? RetentionBytes { get; init; }

    /// <summary>The largest application message accepted, in bytes.</summary>
    public int MaximumPayloadBytes { get; init; } = 256_000;

    /// <summary>The memory that the process may use, in bytes; null for three quarters of what there is.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>The size in bytes at which a segment is sealed and the next begins.</summary>
    public long SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How the node takes part in a cluster, or null for a single machine.</summary>
    public ClusterOptions? Cluster { get; init; }

    /// <summary>Which addresses webhooks may connect to.</summary>
    public AddressPolicy WebhookAddresses { get; init; } = AddressPolicy.PublicOnly;

    /// <summary>Whether log lines are written as JSON.</summary>
    public bool Json { get; init; }
}
