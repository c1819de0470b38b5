using System.Net;
using Holdfast.Broker;
using Holdfast.Broker.Limits;
using Holdfast.Transport.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Holdfast.Transport.Accepting;

/// <summary>Makes listeners of Kestrel that accept no more than the process has files for, and no faster than was asked for. Kestrel's own would try again without a pause when there is no file left.</summary>
/// <param name="node">Counts and tells what waits.</param>
/// <param name="files">What all listeners share.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">For the warnings of connections.</param>
public sealed class AdmittingListenerFactory(BrokerNode node, OpenFiles files, TimeProvider time, ILoggerFactory loggers)
    : IConnectionListenerFactory, IDisposable
{
    /// <summary>Connections that the kernel takes before we do. A storm of ten thousand waits there, and behind it in the clients' own repetitions.</summary>
    private const int Backlog = 4096;

    private SocketConnectionContextFactory? _connections;

    /// <summary>Whether connections are those of HTTP, for which some files are kept. They are Kestrel's; of those that carry MQTT, in whatever, the socket is read and written directly.</summary>
    public bool IsHttp { get; init; }

    /// <summary>The limits of a listener, by the address that it was asked to listen on.</summary>
    public Func<EndPoint, ClientLimits> LimitsOf { get; init; } = _ => ClientLimits.None;

    /// <inheritdoc/>
    /// <exception cref="PlatformNotSupportedException">MQTT needs Linux.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (!IsHttp && !ReadinessLoop.IsSupported)
        {
            throw new PlatformNotSupportedException("Holdfast listens for MQTT on Linux only: it asks the kernel through epoll what has come.");
        }

        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        try
        {
            socket.Listen(Backlog);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        if (IsHttp)
        {
            _connections ??= new(new SocketConnectionFactoryOptions(), loggers.CreateLogger("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets"));
        }

        return ValueTask.FromResult<IConnectionListener>(new AdmittingListener(socket, _connections, node, files, time, LimitsOf(endpoint)));
    }

    /// <inheritdoc/>
    public void Dispose() => _connections?.Dispose();
}
