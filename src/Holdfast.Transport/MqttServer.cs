using System.Net;
using Holdfast.Broker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Holdfast.Transport;

/// <summary>
/// The MQTT listeners: a Kestrel of their own, whose sockets complete inline. Nothing may block on an I/O thread; commits, subscriptions and
/// connects run elsewhere.
/// </summary>
public sealed class MqttServer : IAsyncDisposable
{
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
    public MqttServer(BrokerNode node, IReadOnlyList<MqttListener> listeners, uint maximumPacketSize, TimeProvider time, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.Configure<SocketTransportOptions>(options =>
        {
            options.UnsafePreferInlineScheduling = true;

            // One byte: a flush completes when the kernel has taken everything, so back-pressure is exact.
            options.MaxWriteBufferSize = 1;
            options.MaxReadBufferSize = maximumPacketSize * 2;
            options.Backlog = 4096;
        });
        builder.WebHost.UseKestrelCore().UseSockets();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var listener in listeners)
            {
                var handler = new MqttConnectionHandler(node, listener.AllowAnonymous, time);
                kestrel.Listen(listener.EndPoint, options =>
                {
                    _listeners.Add((listener, options));
                    options.Run(context => CountAsync(handler, context));
                });
            }
        });
        _host = builder.Build();
    }

    /// <summary>Where it listens, with the real ports, once started.</summary>
    public IEnumerable<IPEndPoint> EndPoints => _listeners.Select(one => one.Options.IPEndPoint!);

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

    private async Task CountAsync(MqttConnectionHandler handler, ConnectionContext context)
    {
        Interlocked.Increment(ref _connections);
        try
        {
            await handler.OnConnectedAsync(context).ConfigureAwait(false);
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

/// <summary>An address to listen on.</summary>
/// <param name="EndPoint">Address and port; port 0 for any.</param>
/// <param name="AllowAnonymous">Whether clients without credentials are admitted.</param>
public sealed record MqttListener(IPEndPoint EndPoint, bool AllowAnonymous);
