using System.Net;
using System.Net.Sockets;
using Holdfast.Transport.Channels;
using Holdfast.Transport.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Holdfast.Transport.Accepting;

/// <summary>
/// An address where MQTT comes as it is. What Kestrel keeps for each connection, and does for all of them each second, is for HTTP and TLS; an idle device
/// here costs only what MQTT needs.
/// </summary>
/// <param name="endPoint">Where to listen.</param>
/// <param name="serve">Serves a connection until it ends.</param>
/// <param name="logger">For what should not happen.</param>
internal sealed partial class PlainListener(IPEndPoint endPoint, Func<SocketChannel, Task> serve, ILogger logger) : IAsyncDisposable
{
    private readonly HashSet<DirectConnection> _connections = [];
    private readonly Lock _lock = new();
    private IConnectionListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private TaskCompletionSource? _empty;

    /// <summary>Where it listens, with the real port once started.</summary>
    public IPEndPoint EndPoint { get; private set; } = endPoint;

    /// <summary>Begins to listen.</summary>
    /// <param name="listeners">Makes the listener.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">The address is in use or not of this machine.</exception>
    public async Task StartAsync(AdmittingListenerFactory listeners, CancellationToken cancellationToken)
    {
        try
        {
            _listener = await listeners.BindAsync(EndPoint, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw new IOException($"Failed to bind to address {EndPoint}: {exception.Message}.", exception);
        }

        EndPoint = (IPEndPoint)_listener.EndPoint;
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Accepts nothing more, cuts every connection and waits until they have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_listener is null)
        {
            return;
        }

        await _listener.DisposeAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        TaskCompletionSource empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DirectConnection[] left;
        lock (_lock)
        {
            left = [.. _connections];
            _empty = empty;
        }

        Array.ForEach(left, connection => connection.Abort(new ConnectionAbortedException("The server ends.")));
        if (left.Length > 0)
        {
            await empty.Task.ConfigureAwait(false);
        }
    }

    private async Task AcceptAsync(IConnectionListener listener)
    {
        // Not where the server is started.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            while (await listener.AcceptAsync().ConfigureAwait(false) is DirectConnection connection)
            {
                lock (_lock)
                {
                    _connections.Add(connection);
                }

                _ = ServeAsync(connection);
            }
        }
        catch (Exception exception)
        {
            LogEnd(exception, EndPoint);
        }
    }

    private async Task ServeAsync(DirectConnection connection)
    {
        try
        {
            await serve(new SocketChannel(connection, tls: null)).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogFailure(exception);
        }

        await connection.DisposeAsync().ConfigureAwait(false);
        lock (_lock)
        {
            _connections.Remove(connection);
            if (_connections.Count == 0)
            {
                _empty?.TrySetResult();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A connection has ended with an error that should not have happened.")]
    private partial void LogFailure(Exception exception);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{EndPoint} accepts no connection any more: restart the node.")]
    private partial void LogEnd(Exception exception, IPEndPoint endPoint);
}
