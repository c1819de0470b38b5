using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;

namespace Holdfast.Server.Bench.Connections;

/// <summary>The byte streams that connections of the load generator run over.</summary>
internal static class BenchStream
{
    /// <summary>Opens a stream to the broker.</summary>
    /// <param name="options">Where to, and over what.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketException">The broker cannot be reached.</exception>
    /// <exception cref="BenchException">There is no TLS or WebSocket behind the port.</exception>
    public static async ValueTask<Stream> OpenAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return options.Carrier switch
            {
                BenchCarrier.Tls => await OpenTlsAsync(options, cancellationToken),
                BenchCarrier.WebSocket => await OpenWebSocketAsync(options, cancellationToken),
                _ => await OpenTcpAsync(options, cancellationToken),
            };
        }
        catch (Exception exception) when (exception is AuthenticationException or WebSocketException)
        {
            throw new BenchException($"no {options.Carrier} behind the port: {exception.GetBaseException().Message}");
        }
    }

    private static async ValueTask<Stream> OpenTcpAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        EndPoint broker = IPAddress.TryParse(options.Host, out IPAddress? address) ? new IPEndPoint(address, options.Port) : new DnsEndPoint(options.Host, options.Port);
        Socket socket = address is null ? new(SocketType.Stream, ProtocolType.Tcp) : new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.NoDelay = true;
        try
        {
            await socket.ConnectAsync(broker, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // What is measured is the cost of encryption, not who the broker is.
    private static async ValueTask<Stream> OpenTlsAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var tls = new SslStream(await OpenTcpAsync(options, cancellationToken));
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = options.Host, RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null }, cancellationToken);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static async ValueTask<Stream> OpenWebSocketAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        try
        {
            await socket.ConnectAsync(new UriBuilder("ws", options.Host, options.Port, "/mqtt").Uri, cancellationToken);
            return WebSocketStream.Create(socket, WebSocketMessageType.Binary, ownsWebSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
