using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Holdfast.Broker;
using Holdfast.Broker.Limits;
using Holdfast.Transport.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Holdfast.Transport.Accepting;

/// <summary>Accepts connections while there is room for them. Who comes meanwhile waits in the kernel's queue, which costs the process nothing.</summary>
/// <param name="socket">It listens.</param>
/// <param name="connections">Makes those of HTTP; null for those that carry MQTT, whose sockets are read and written directly.</param>
/// <param name="node">Counts and tells what waits.</param>
/// <param name="files">What all listeners share.</param>
/// <param name="time">The clock.</param>
/// <param name="limits">What clients that come by it may do.</param>
internal sealed class AdmittingListener(Socket socket, SocketConnectionContextFactory? connections, BrokerNode node, OpenFiles files, TimeProvider time, ClientLimits limits) : IConnectionListener
{
    /// <summary>Beyond the clients that a listener may have, so many connections may be about to say who they are, or to be told that there are too many.</summary>
    private const int AboutToSay = 256;

    /// <summary>How often it is looked whether there is room again.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The pause after the operating system has said that there is no file left, which should not happen.</summary>
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(500);

    private readonly TokenBucket? _rate = limits.ConnectRate is { } rate ? new TokenBucket(rate, time) : null;
    private readonly CancellationTokenSource _stop = new();
    private Action? _remove;
    private TimeSpan _owed;
    private int _open;

    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                await WaitForRoomAsync().ConfigureAwait(false);
                var accepted = await socket.AcceptAsync(_stop.Token).ConfigureAwait(false);
                accepted.NoDelay = true;
                return Open(accepted);
            }
            catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException || exception is SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return null;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
            {
                Tell("open-files", exception.Message);
                await PauseAsync(PauseAfterFailure).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // The peer has given up before it was accepted: the next.
            }
        }
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private ConnectionContext Open(Socket accepted)
    {
        files.Add();
        Interlocked.Increment(ref _open);
        _owed = _rate?.Take(1) ?? TimeSpan.Zero;
        if (connections is null)
        {
            return OpenDirectly(accepted);
        }

        var connection = connections.Create(accepted);
        connection.ConnectionClosed.UnsafeRegister(
            static state =>
            {
                var listener = (AdmittingListener)state!;
                listener.Remove();
            },
            this);
        return connection;
    }

    private DirectConnection OpenDirectly(Socket accepted)
    {
        try
        {
            return new DirectConnection(accepted, _remove ??= Remove);
        }
        catch (Win32Exception exception)
        {
            // The kernel watches no more sockets for this user (epoll's max_user_watches).
            accepted.Dispose();
            Remove();
            throw new SocketException((int)SocketError.NoBufferSpaceAvailable, exception.Message);
        }
    }

    private void Remove()
    {
        files.Remove();
        Interlocked.Decrement(ref _open);
    }

    /// <summary>Waits as long as there is no room; each pause is counted once, by its first reason.</summary>
    private async Task WaitForRoomAsync()
    {
        if (_owed >= Pause)
        {
            node.Metrics.CountLimited("listener", "connect-rate", "wait");
            await Task.Delay(_owed, time, _stop.Token).ConfigureAwait(false);
        }

        for (var isFirst = true; Obstacle() is { } obstacle; isFirst = false)
        {
            if (isFirst)
            {
                Tell(obstacle, $"{EndPoint} accepts no connection until others end.");
            }

            await Task.Delay(Pause, time, _stop.Token).ConfigureAwait(false);
        }
    }

    private string? Obstacle()
        => !files.HasRoom(isHttp: connections is not null) ? "open-files" : Volatile.Read(ref _open) >= limits.Connections + AboutToSay ? "connections" : null;

    private void Tell(string limit, string what)
    {
        node.Metrics.CountLimited(limit == "open-files" ? "node" : "listener", limit, "wait");
        node.Refusals.Note("accept", limit, what);
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, time, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The listener ends; accepting tells it.
        }
    }
}
