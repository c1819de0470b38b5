using System.Net;
using System.Net.Sockets;

namespace Holdfast.Testing.Postgres;

/// <summary>Where a connection is cut.</summary>
public enum Cut
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>When the next request comes; the server does not get it.</summary>
    BeforeRequest,

    /// <summary>When the next answer comes; the client does not get it.</summary>
    BeforeAnswer,
}

/// <summary>Stands between a client and a server and cuts their connection at a chosen moment, once.</summary>
public sealed class CuttingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private int _cut;

    public CuttingProxy(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string ConnectionString => $"Host=127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port};Username=postgres;Database=postgres";

    /// <summary>Whether the cut was made.</summary>
    public bool HasCut => Volatile.Read(ref _cut) == (int)Cut.None;

    public void CutNext(Cut cut) => Volatile.Write(ref _cut, (int)cut);

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, _target);
                _ = PumpAsync(client, server, Cut.BeforeRequest);
                _ = PumpAsync(server, client, Cut.BeforeAnswer);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, Cut cut)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and var count
                && Interlocked.CompareExchange(ref _cut, (int)Cut.None, (int)cut) != (int)cut)
            {
                await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One of the two has gone.
        }

        from.Dispose();
        to.Dispose();
    }
}
