using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace Holdfast.Transport.Tests;

/// <summary>What carries MQTT.</summary>
public enum Carrier
{
    Tcp,
    Tls,
    WebSocket,
    WebSocketOverTls,
}

/// <summary>Opens connections to a server over its carrier.</summary>
internal static class Carriers
{
    /// <summary>A stream of bytes; its end is the end that the server has announced, not a cut.</summary>
    public static async Task<Stream> OpenAsync(TestServer server, int? receiveBufferBytes)
    {
        var stream = await OpenBelowAsync(server, receiveBufferBytes);
        if (server.Carrier is Carrier.Tcp or Carrier.Tls)
        {
            return stream;
        }

        await WebSocketHandshake.UpgradeAsync(stream, "Sec-WebSocket-Protocol: mqtt");
        var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { SubProtocol = "mqtt" });
        return WebSocketStream.Create(socket, WebSocketMessageType.Binary, TestServer.Limit);
    }

    /// <summary>The connection below WebSocket.</summary>
    public static async Task<Stream> OpenBelowAsync(TestServer server, int? receiveBufferBytes = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBufferBytes is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync(server.EndPoint);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (server.Carrier is Carrier.Tls or Carrier.WebSocketOverTls)
        {
            var tls = new SslStream(stream);
            await tls.AuthenticateAsClientAsync(TestCertificate.ClientOptions()).WaitAsync(TestServer.Limit);
            stream = tls;
        }

        return stream;
    }
}
