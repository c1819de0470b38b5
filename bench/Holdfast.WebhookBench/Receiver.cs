using System.Net;
using System.Net.Sockets;

namespace Holdfast.WebhookBench;

/// <summary>The cheapest receiver there can be: it reads each request to its end and answers 200.</summary>
internal sealed class Receiver : IDisposable
{
    private static readonly byte[] Answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TimeSpan _pause;
    private readonly int _bufferBytes;

    /// <param name="pause">How long it takes to answer.</param>
    /// <param name="bufferBytes">What each connection reads at a time; at least the headers of a request.</param>
    public Receiver(TimeSpan pause = default, int bufferBytes = 64 * 1024)
    {
        _pause = pause;
        _bufferBytes = bufferBytes;
        _listener.Start(1024);
        _ = AcceptAsync();
    }

    public string Url => $"http://{_listener.LocalEndpoint}/";

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync();
                client.NoDelay = true;
                _ = ServeAsync(client);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var buffer = new byte[_bufferBytes];
        var filled = 0;
        try
        {
            while (true)
            {
                var end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
                if (end >= 0)
                {
                    var missing = end + 4 + ContentLength(buffer.AsSpan(0, end)) - filled;
                    while (missing > 0)
                    {
                        missing -= await ReadAsync(client, buffer.AsMemory(0, (int)Math.Min(missing, buffer.Length)));
                    }

                    filled = 0;
                    if (_pause > TimeSpan.Zero)
                    {
                        await Task.Delay(_pause);
                    }

                    await client.SendAsync(Answer);
                    continue;
                }

                filled += await ReadAsync(client, buffer.AsMemory(filled));
            }
        }
        catch (Exception exception) when (exception is SocketException or EndOfStreamException or ObjectDisposedException)
        {
            client.Dispose();
        }
    }

    private static async ValueTask<int> ReadAsync(Socket client, Memory<byte> buffer)
        => await client.ReceiveAsync(buffer) is > 0 and var read ? read : throw new EndOfStreamException();

    private static long ContentLength(ReadOnlySpan<byte> head)
    {
        var name = "Content-Length: "u8;
        var value = head[(head.IndexOf(name) + name.Length)..];
        return System.Buffers.Text.Utf8Parser.TryParse(value, out long length, out _) ? length : throw new EndOfStreamException();
    }
}
