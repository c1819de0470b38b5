using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>A way over WebSocket to a broker that only speaks TCP.</summary>
internal sealed class WebSocketProxy : IAsyncDisposable
{
    private readonly WebApplication _server;

    private WebSocketProxy(WebApplication server) => _server = server;

    /// <summary>Where it listens.</summary>
    public string Url => _server.Urls.First().Replace("http:", "ws:", StringComparison.Ordinal) + "/mqtt";

    public static async Task<WebSocketProxy> StartAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        server.UseWebSockets();
        server.Run(async context =>
        {
            Assert.Contains("mqtt", context.WebSockets.WebSocketRequestedProtocols);
            using var socket = await context.WebSockets.AcceptWebSocketAsync("mqtt");
            await using var near = WebSocketStream.Create(socket, WebSocketMessageType.Binary, TimeSpan.FromSeconds(1));
            using var tcp = new TcpClient();
            await tcp.ConnectAsync("127.0.0.1", port, context.RequestAborted);
            await Task.WhenAny(near.CopyToAsync(tcp.GetStream(), context.RequestAborted), tcp.GetStream().CopyToAsync(near, context.RequestAborted));
        });
        await server.StartAsync();
        return new WebSocketProxy(server);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _server.StopAsync(now.Token);
        await _server.DisposeAsync();
    }
}
