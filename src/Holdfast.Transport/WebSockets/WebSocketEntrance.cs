using Holdfast.Transport.Channels;
using Holdfast.Transport.Tls;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Transport.WebSockets;

/// <summary>The HTTP side of a WebSocket listener: answers the upgrade, and hands the connection on.</summary>
/// <param name="settings">What the listener admits.</param>
/// <param name="handler">What serves the connection.</param>
/// <param name="maximumBufferedBytes">How much of a connection's input may wait.</param>
/// <param name="time">The clock.</param>
internal sealed class WebSocketEntrance(WebSocketSettings settings, MqttConnectionHandler handler, long maximumBufferedBytes, TimeProvider time)
{
    /// <summary>The subprotocol, of either version [MQTT-6.0.0-3] [MQTT-6.0.0-4].</summary>
    private const string Subprotocol = "mqtt";

    private readonly OriginPolicy _origins = new(settings.AllowedOrigins);

    /// <summary>Serves one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (Refusal(context) is var (status, message))
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(message + "\n").ConfigureAwait(false);
            return;
        }

        // The keep-alive is MQTT's own. No compression: it invites attacks on what is encrypted, and costs a window per connection.
        using var socket = await context.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { SubProtocol = Subprotocol, KeepAliveInterval = TimeSpan.Zero }).ConfigureAwait(false);
        var channel = new WebSocketChannel(socket, context.Connection, context.Features.Get<ShownChain>()?.Certificates ?? [], maximumBufferedBytes, context.Abort);
        channel.Start();
        await handler.ServeAsync(channel).ConfigureAwait(false);
        await channel.FinishAsync(MqttConnectionHandler.LingerTime, time).ConfigureAwait(false);
    }

    private (int Status, string Message)? Refusal(HttpContext context)
    {
        if (context.Request.Path != settings.Path)
        {
            return (StatusCodes.Status404NotFound, $"MQTT over WebSocket is at {settings.Path}.");
        }

        if (_origins.Refusal(context) is { } refusal)
        {
            return (StatusCodes.Status403Forbidden, refusal);
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            return (StatusCodes.Status426UpgradeRequired, "Here is MQTT over WebSocket: ask for an upgrade to websocket.");
        }

        return context.WebSockets.WebSocketRequestedProtocols.Contains(Subprotocol)
            ? null
            : (StatusCodes.Status400BadRequest, "Offer the subprotocol mqtt in Sec-WebSocket-Protocol [MQTT-6.0.0-3].");
    }
}
