using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Holdfast.Device.Tests.EndToEnd.Faults;

/// <summary>A network between a device and a server that can go half open: connections stand, and what is sent in a direction is held back, to come late or never.</summary>
internal sealed class HoldingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private volatile Task _requests = Task.CompletedTask;
    private volatile Task _answers = Task.CompletedTask;
    private TaskCompletionSource _released = new();

    public HoldingProxy(int target)
    {
        Target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The port of the server that the next connections go to.</summary>
    public int Target { get; set; }

    /// <summary>Holds back what is sent from now on.</summary>
    public void Hold(bool requests, bool answers)
    {
        _released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests = requests ? _released.Task : _requests;
        _answers = answers ? _released.Task : _answers;
    }

    /// <summary>What was held back arrives now.</summary>
    public void Release()
    {
        _requests = _answers = Task.CompletedTask;
        _released.TrySetResult();
    }

    /// <summary>Every connection is reset, and what was held back is lost.</summary>
    public void Cut()
    {
        foreach (var socket in _sockets.Keys)
        {
            socket.Close(0);
        }

        Release();
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ConnectAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task ConnectAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, Target);
            _sockets[client] = _sockets[server] = true;
            await Task.WhenAll(PumpAsync(client, server, () => _requests), PumpAsync(server, client, () => _answers));
        }
        catch (SocketException)
        {
            // The server is dead, and the device is told so below.
        }
        finally
        {
            Forget(client);
            Forget(server);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Func<Task> gate)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                await gate();
                await to.SendAsync(buffer.AsMemory(0, count));
            }

            // What was sent, or held back, arrives before the end of the connection does: closing the socket could reset it.
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // One of the two has gone, and takes the other along.
            Forget(from);
            Forget(to);
        }
    }

    private void Forget(Socket socket)
    {
        _sockets.TryRemove(socket, out _);
        socket.Dispose();
    }
}
