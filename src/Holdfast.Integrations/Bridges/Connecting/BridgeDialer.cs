using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Integrations.Network;

namespace Holdfast.Integrations.Bridges.Connecting;

/// <summary>Opens a stream of MQTT bytes to another broker: TCP, TLS or WebSocket, to addresses that the policy allows and without a proxy.</summary>
internal sealed class BridgeDialer : IDisposable
{
    private const string SubProtocol = "mqtt";

    private readonly BridgeUrl _url;
    private readonly GuardedConnector _connector;
    private readonly CertificateJudge _judge;
    private readonly SslStreamCertificateContext? _own;
    private readonly X509Certificate2? _ownCertificate;

    public BridgeDialer(BridgeUrl url, BridgeTls? tls, AddressPolicy addresses)
    {
        _url = url;
        _connector = new GuardedConnector(addresses);
        _judge = new CertificateJudge(tls?.Ca, tls?.Pins ?? []);
        if (tls is { Certificate: { } certificate, Key: { } key })
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificate);
            _ownCertificate = X509Certificate2.CreateFromPem(certificate, key);
            _own = SslStreamCertificateContext.Create(_ownCertificate, chain, offline: true);
        }
    }

    /// <summary>The other broker.</summary>
    public BridgeUrl Url => _url;

    /// <summary>Opens the stream.</summary>
    /// <exception cref="IOException">The network failed, or no address is allowed.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">There is no connection.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The other broker is not trusted.</exception>
    /// <exception cref="WebSocketException">The other broker refused the upgrade.</exception>
    public async Task<Stream> DialAsync(CancellationToken cancellationToken)
    {
        if (_url.IsWebSocket)
        {
            return await DialWebSocketAsync(cancellationToken).ConfigureAwait(false);
        }

        var raw = await _connector.ConnectAsync(_url.Host, _url.Port, cancellationToken).ConfigureAwait(false);
        if (!_url.IsSecure)
        {
            return raw;
        }

        var secured = new SslStream(raw);
        try
        {
            await secured.AuthenticateAsClientAsync(TlsOptions(), cancellationToken).ConfigureAwait(false);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public void Dispose() => _ownCertificate?.Dispose();

    private SslClientAuthenticationOptions TlsOptions()
    {
        var options = _judge.Options();
        options.TargetHost = _url.Host;
        options.ClientCertificateContext = _own;
        return options;
    }

    private async Task<Stream> DialWebSocketAsync(CancellationToken cancellationToken)
    {
        var handler = new SocketsHttpHandler { ConnectCallback = _connector.ConnectAsync, SslOptions = TlsOptions(), UseProxy = false, AllowAutoRedirect = false };
        var invoker = new HttpMessageInvoker(handler);
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.AddSubProtocol(SubProtocol);
            socket.Options.KeepAliveInterval = TimeSpan.Zero; // MQTT has its own.
            await socket.ConnectAsync(_url.Uri, invoker, cancellationToken).ConfigureAwait(false);
            return WebSocketStream.Create(socket, WebSocketMessageType.Binary, TimeSpan.FromSeconds(1));
        }
        catch
        {
            socket.Dispose();
            invoker.Dispose();
            throw;
        }
    }
}
