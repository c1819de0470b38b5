using System.Net;
using Holdfast.Broker.Limits;
using Holdfast.Transport.Tls;

namespace Holdfast.Transport;

/// <summary>An address to listen on.</summary>
/// <param name="EndPoint">Address and port; port 0 for any.</param>
/// <param name="AllowAnonymous">Whether clients without credentials are admitted.</param>
public sealed record MqttListener(IPEndPoint EndPoint, bool AllowAnonymous)
{
    /// <summary>What ends TLS, or null for plain TCP.</summary>
    public TlsTermination? Tls { get; init; }

    /// <summary>Whether clients are asked for certificates in the handshake of TLS.</summary>
    public ClientCertificateMode ClientCertificates { get; init; }

    /// <summary>What clients that come by it may do.</summary>
    public ClientLimits Limits { get; init; } = ClientLimits.None;

    /// <summary>How MQTT comes over WebSocket, or null when it comes as it is.</summary>
    public WebSocketSettings? WebSocket { get; init; }
}

/// <summary>How MQTT comes over WebSocket.</summary>
/// <param name="Path">The path of the URL, such as <c>/mqtt</c>.</param>
/// <param name="AllowedOrigins">Origins of web pages that may connect besides this server's own, such as <c>https://example.com</c>; <c>*</c> for all.</param>
public sealed record WebSocketSettings(string Path, IReadOnlyCollection<string> AllowedOrigins);
