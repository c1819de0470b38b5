using System.Net;
using System.Net.Sockets;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>The outage: a front tier that accepts connections and answers pings, before a broker that is dead. Nothing is ever acknowledged.</summary>
internal sealed class HoldingBroker : IDisposable
{
    private const int ConnectPacket = 1;
    private const int PublishPacket = 3;
    private const int PingPacket = 12;

    private readonly TcpListener _listener;
    private int _publishes;

    /// <param name="place">Where it listens; null for any port.</param>
    public HoldingBroker(IPEndPoint? place = null)
    {
        _listener = new TcpListener(place ?? new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Messages that came, and went nowhere.</summary>
    public int Publishes => Volatile.Read(ref _publishes);

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = HoldAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task HoldAsync(TcpClient client)
    {
        using var owned = client;
        var stream = client.GetStream();
        try
        {
            while (true)
            {
                var one = new byte[1];
                await stream.ReadExactlyAsync(one);
                var (type, length, shift) = (one[0] >> 4, 0, 0);
                do
                {
                    await stream.ReadExactlyAsync(one);
                    length |= (one[0] & 0x7F) << shift;
                    shift += 7;
                }
                while (one[0] >= 0x80);
                await stream.ReadExactlyAsync(new byte[length]);
                byte[] answer = type switch
                {
                    ConnectPacket => [0x20, 3, 0, 0, 0],
                    PingPacket => [0xD0, 0],
                    _ => [],
                };
                Interlocked.Add(ref _publishes, type == PublishPacket ? 1 : 0);
                await stream.WriteAsync(answer);
            }
        }
        catch (IOException)
        {
            // The client has left.
        }
    }
}
