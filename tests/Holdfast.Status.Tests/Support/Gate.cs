using System.Net;
using System.Net.Sockets;

namespace Holdfast.Status.Tests.Support;

/// <summary>A way to a port that can be shut: while it is, connections are taken and nothing comes through, as behind a firewall that drops what it does not like.</summary>
public sealed class Gate : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private readonly HashSet<TcpClient> _open = [];
    private readonly Task _accepting;
    private bool _isShut;

    public Gate(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Shuts or opens it; connections that are there end.</summary>
    public void Shut(bool isShut)
    {
        lock (_lock)
        {
            _isShut = isShut;
            foreach (TcpClient client in _open)
            {
                client.Dispose();
            }

            _open.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting;
        Shut(isShut: true);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_ending.Token);
                bool isShut;
                lock (_lock)
                {
                    isShut = _isShut;
                    _open.Add(client);
                }

                if (!isShut)
                {
                    _ = CarryAsync(client);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The gate is taken down.
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _ending.Token);
            lock (_lock)
            {
                _open.Add(server);
            }

            NetworkStream one = client.GetStream();
            NetworkStream other = server.GetStream();
            await Task.WhenAny(one.CopyToAsync(other, _ending.Token), other.CopyToAsync(one, _ending.Token));
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // One of the two sides is gone, and with it the other.
        }

        client.Dispose();
    }
}
