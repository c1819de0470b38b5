using System.Net;
using Holdfast.Broker;
using Holdfast.Broker.Limits;
using Holdfast.Transport.Accepting;
using Holdfast.Transport.Channels;
using Holdfast.Transport.Tls;
using Holdfast.Transport.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Holdfast.Transport;

/// <summary>
/// The MQTT listeners: a Kestrel of their own, whose sockets complete inline. Nothing may block on an I/O thread; commits, subscriptions and
/// connects run elsewhere.
/// </summary>
public sealed class MqttServer : IAsyncDisposable
{
    /// <summary>How long a WebSocket client may take over its request.</summary>
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(10);

    private readonly BrokerNode _node;
    private readonly TimeProvider _time;
    private readonly long _maximumBufferedBytes;
    private readonly WebApplication _host;
    private readonly List<(MqttListener Listener, ListenOptions Options)> _listeners = [];
    private int _connections;
    private TaskCompletionSource? _empty;

    /// <summary>Prepares the listeners; <see cref="StartAsync"/> opens them.</summary>
    /// <param name="node">The broker.</param>
    /// <param name="listeners">Where to listen.</param>
    /// <param name="maximumPacketSize">The largest packet, in bytes; a connection buffers twice as much at most.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">For Kestrel's warnings.</param>
    /// <param name="files">What connections share with those of HTTP; null for what the process has now.</param>
    public MqttServer(BrokerNode node, IReadOnlyList<MqttListener> listeners, uint maximumPacketSize, TimeProvider time, ILoggerFactory loggers, OpenFiles? files = null)
    {
        _node = node;
        _time = time;

        // A packet is handled when it is complete, so one must fit; the next may wait behind it.
        _maximumBufferedBytes = maximumPacketSize * 2L;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton<IConnectionListenerFactory>(_ => new AdmittingListenerFactory(node, files ?? OpenFiles.OfThisProcess(), time, loggers)
        {
            LimitsOf = endPoint => listeners.FirstOrDefault(listener => ReferenceEquals(listener.EndPoint, endPoint))?.Limits ?? ClientLimits.None,
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            LimitHttp(kestrel);
            foreach (var listener in listeners)
            {
                kestrel.Listen(listener.EndPoint, options => Listen(options, listener));
            }
        });
        _host = builder.Build();
        _host.UseWebSockets();
        _host.Run(static context => context.Features.GetRequiredFeature<WebSocketEntrance>().HandleAsync(context));
    }

    /// <summary>Where it listens, with the real ports, once started.</summary>
    public IEnumerable<IPEndPoint> EndPoints => _listeners.Select(one => one.Options.IPEndPoint!);

    /// <summary>Network connections, those in their handshake included.</summary>
    internal int ConnectionCount => Volatile.Read(ref _connections);

    /// <summary>Opens the listeners.</summary>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">An address is in use or not of this machine.</exception>
    public Task StartAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    /// <summary>Completes when no connection is left, or the time has passed.</summary>
    /// <param name="limit">How long to wait.</param>
    public async Task WhenEmptyAsync(TimeSpan limit)
    {
        var empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _empty, empty);
        if (Volatile.Read(ref _connections) == 0)
        {
            return;
        }

        await Task.WhenAny(empty.Task, Task.Delay(limit)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _host.DisposeAsync().ConfigureAwait(false);

    /// <summary>HTTP is only for the upgrade here; how fast a WebSocket must be is for MQTT's keep-alive to say.</summary>
    private static void LimitHttp(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.RequestHeadersTimeout = RequestLimit;
        kestrel.Limits.KeepAliveTimeout = RequestLimit;
    }

    private void Listen(ListenOptions options, MqttListener listener)
    {
        _listeners.Add((listener, options));
        options.Use(next => context => CountAsync(next, context));
        listener.Tls?.Use(options, listener.WebSocket is null ? TlsTermination.MqttProtocol : null, listener.ClientCertificates);
        var handler = new MqttConnectionHandler(_node, listener, _time);
        if (listener.WebSocket is null)
        {
            options.Run(context => ServeAsync(handler, new SocketChannel(context)));
            return;
        }

        options.Protocols = HttpProtocols.Http1;
        var entrance = new WebSocketEntrance(listener.WebSocket, handler, _maximumBufferedBytes, _time);
        options.Use(next => context =>
        {
            context.Features.Set(entrance);
            return next(context);
        });
    }

    private static async Task ServeAsync(MqttConnectionHandler handler, SocketChannel channel)
    {
        await handler.ServeAsync(channel).ConfigureAwait(false);

        // Gives back what it had borrowed.
        await channel.Input.CompleteAsync().ConfigureAwait(false);
    }

    private async Task CountAsync(ConnectionDelegate next, ConnectionContext context)
    {
        Interlocked.Increment(ref _connections);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            if (Interlocked.Decrement(ref _connections) == 0)
            {
                Volatile.Read(ref _empty)?.TrySetResult();
            }
        }
    }
}
