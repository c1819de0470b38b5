using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace Holdfast.Device.Dialing;

/// <summary>Opens a stream of MQTT bytes to an endpoint: TCP, TLS, or WebSocket, the last one through a proxy if there is one.</summary>
internal sealed class EndpointDialer(DeviceOptions options, TrafficCounter counter)
{
    private const int MqttPort = 1883;
    private const int SecureMqttPort = 8883;
    private const string SubProtocol = "mqtt";

    private readonly ServerTrust _trust = new(options);
    private readonly HostDialer _hosts = new(options.Resolver, ConnectAsync, TimeProvider.System);

    /// <summary>Whether the bytes of an endpoint are encrypted.</summary>
    public static bool IsSecure(Uri endpoint) => endpoint.Scheme is "mqtts" or "wss";

    /// <summary>Opens the stream.</summary>
    /// <exception cref="IOException">The network or the TLS stream failed.</exception>
    /// <exception cref="SocketException">There is no connection.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The server, or the device, is not trusted.</exception>
    /// <exception cref="WebSocketException">The server, or the proxy, refused the upgrade.</exception>
    public Task<Stream> DialAsync(Uri endpoint, CancellationToken cancellationToken)
        => endpoint.Scheme is "mqtt" or "mqtts" ? DialMqttAsync(endpoint, cancellationToken) : DialWebSocketAsync(endpoint, cancellationToken);

    private async Task<Stream> DialMqttAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        var isSecure = IsSecure(endpoint);
        var port = endpoint.Port > 0 ? endpoint.Port : isSecure ? SecureMqttPort : MqttPort;
        var raw = await OpenSocketAsync(endpoint.IdnHost, port, cancellationToken).ConfigureAwait(false);
        if (!isSecure)
        {
            return raw;
        }

        var secured = new SslStream(raw);
        try
        {
            await secured.AuthenticateAsClientAsync(_trust.AuthenticationOptions(endpoint.IdnHost), cancellationToken).ConfigureAwait(false);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<Stream> DialWebSocketAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        // The handler outlives this call with the socket; it holds nothing else.
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, token) => await OpenSocketAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, token).ConfigureAwait(false),
            SslOptions = _trust.AuthenticationOptions(endpoint.IdnHost),
            Proxy = options.Proxy,
            UseProxy = true,
        };
        var invoker = new HttpMessageInvoker(handler);
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.AddSubProtocol(SubProtocol);
            socket.Options.KeepAliveInterval = TimeSpan.Zero; // MQTT has its own
            await socket.ConnectAsync(endpoint, invoker, cancellationToken).ConfigureAwait(false);
            return new WebSocketBytes(socket, invoker);
        }
        catch
        {
            socket.Dispose();
            invoker.Dispose();
            throw;
        }
    }

    private async Task<Stream> OpenSocketAsync(string host, int port, CancellationToken cancellationToken)
    {
        var stream = new CountingStream(await _hosts.DialAsync(host, port, cancellationToken).ConfigureAwait(false), counter);
        return options.LinkFilter?.Invoke(stream) ?? stream;
    }

    private static async Task<Stream> ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
