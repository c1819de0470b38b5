using System.Net;
using Holdfast.Broker;
using Holdfast.Broker.Limits;
using Holdfast.Transport.Accepting;
using Holdfast.Transport.Channels;
using Holdfast.Transport.Sockets;
using Holdfast.Transport.Tls;
using Holdfast.Transport.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Holdfast.Transport;

/// <summary>
/// The MQTT listeners: those of plain TCP by themselves, those of TLS and WebSocket in a Kestrel of their own. What sockets bring is handled where the kernel
/// tells of it, so nothing may block there; commits, subscriptions and connects run elsewhere.
/// </summary>
public sealed class MqttServer : IAsyncDisposable
{
    /// <summary>How long a WebSocket client may take over its request.</summary>
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(10);

    private readonly BrokerNode _node;
    private readonly TimeProvider _time;
    private readonly long _maximumBufferedBytes;
    private readonly AdmittingListenerFactory _factory;
    private readonly WebApplication? _host;
    private readonly List<PlainListener> _plain = [];
    private readonly List<Func<IPEndPoint>> _endPoints = [];
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
        _factory = new AdmittingListenerFactory(node, files ?? OpenFiles.OfThisProcess(), time, loggers)
        {
            LimitsOf = endPoint => listeners.FirstOrDefault(listener => ReferenceEquals(listener.EndPoint, endPoint))?.Limits ?? ClientLimits.None,
        };
        var hosted = new List<Action<KestrelServerOptions>>();
        foreach (var listener in listeners)
        {
            if (listener is { Tls: null, WebSocket: null })
            {
                var handler = NewHandler(listener);
                var plain = new PlainListener(listener.EndPoint, channel => CountAsync(handler.ServeAsync(channel)), loggers.CreateLogger<MqttServer>());
                _plain.Add(plain);
                _endPoints.Add(() => plain.EndPoint);
                continue;
            }

            ListenOptions? opened = null;
            hosted.Add(kestrel => kestrel.Listen(listener.EndPoint, options => Listen(opened = options, listener)));
            _endPoints.Add(() => opened!.IPEndPoint!);
        }

        _host = hosted.Count == 0 ? null : NewHost(hosted, loggers);
    }

    /// <summary>Where it listens, with the real ports, once started.</summary>
    public IEnumerable<IPEndPoint> EndPoints => _endPoints.Select(one => one());

    /// <summary>Network connections, those in their handshake included.</summary>
    internal int ConnectionCount => Volatile.Read(ref _connections);

    /// <summary>Opens the listeners.</summary>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">An address is in use or not of this machine.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var plain in _plain)
        {
            await plain.StartAsync(_factory, cancellationToken).ConfigureAwait(false);
        }

        if (_host is not null)
        {
            await _host.StartAsync(cancellationToken).ConfigureAwait(false);
        }
    }

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
    public async ValueTask DisposeAsync()
    {
        foreach (var plain in _plain)
        {
            await plain.DisposeAsync().ConfigureAwait(false);
        }

        if (_host is not null)
        {
            await _host.DisposeAsync().ConfigureAwait(false);
        }

        _factory.Dispose();
    }

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

    private static async Task ServeAsync(MqttConnectionHandler handler, SocketChannel channel)
    {
        await handler.ServeAsync(channel).ConfigureAwait(false);

        // Gives back what it had borrowed.
        await channel.Input.CompleteAsync().ConfigureAwait(false);
    }

    private MqttConnectionHandler NewHandler(MqttListener listener) => new(_node, listener, _time);

    private WebApplication NewHost(List<Action<KestrelServerOptions>> listeners, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton<IConnectionListenerFactory>(_factory);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            LimitHttp(kestrel);
            listeners.ForEach(listen => listen(kestrel));
        });
        var host = builder.Build();
        host.UseWebSockets();
        host.Run(static context => context.Features.GetRequiredFeature<WebSocketEntrance>().HandleAsync(context));
        return host;
    }

    private void Listen(ListenOptions options, MqttListener listener)
    {
        options.Use(next => context => CountAsync(next(context)));
        listener.Tls?.Use(options, listener.WebSocket is null ? TlsTermination.MqttProtocol : null, listener.ClientCertificates);
        var handler = NewHandler(listener);
        if (listener.WebSocket is null)
        {
            options.Run(context => ServeAsync(handler, new SocketChannel((DirectConnection)context, context.Features.Get<ISslStreamFeature>()?.SslStream)));
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

    private async Task CountAsync(Task served)
    {
        Interlocked.Increment(ref _connections);
        try
        {
            await served.ConfigureAwait(false);
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
