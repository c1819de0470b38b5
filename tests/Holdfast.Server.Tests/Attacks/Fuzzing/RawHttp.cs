using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Holdfast.Server.Tests.Attacks.Fuzzing;

/// <summary>An answer as it came: nothing decided by a client library.</summary>
/// <param name="Status">The status; 0 when the connection was closed without an answer.</param>
/// <param name="Head">Status line and headers.</param>
/// <param name="Body">What followed, up to a limit.</param>
internal sealed record RawAnswer(int Status, string Head, string Body)
{
    /// <summary>A header's value, or null.</summary>
    public string? Header(string name) => Head.Split("\r\n").Skip(1).FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
}

/// <summary>HTTP by hand: one connection, one request, whatever its bytes are.</summary>
internal static class RawHttp
{
    private const int MostRead = 4 * 1024 * 1024;

    /// <summary>Sends bytes and reads what comes back, to the end of the connection; of an event stream only the head.</summary>
    /// <param name="port">The port on 127.0.0.1.</param>
    /// <param name="request">The bytes.</param>
    /// <param name="isWhole">Whether it is a whole request. Of another one the end is told at once, so that nobody waits for the rest.</param>
    public static async Task<RawAnswer> SendAsync(int port, byte[] request, bool isWhole)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, limit.Token);
        var received = new MemoryStream();
        try
        {
            await socket.SendAsync(request, limit.Token);
            if (!isWhole)
            {
                socket.Shutdown(SocketShutdown.Send);
            }

            var buffer = new byte[16 * 1024];
            int count;
            while (received.Length < MostRead && (count = await socket.ReceiveAsync(buffer, limit.Token)) > 0)
            {
                received.Write(buffer.AsSpan(0, count));
                if (Encoding.Latin1.GetString(received.GetBuffer(), 0, (int)Math.Min(received.Length, 2048)).Contains("Content-Type: text/event-stream", StringComparison.OrdinalIgnoreCase))
                {
                    break;
                }
            }
        }
        catch (SocketException)
        {
            // Cut off while it was still sending, after an answer or without one.
        }

        return Parse(received.ToArray());
    }

    private static RawAnswer Parse(byte[] bytes)
    {
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end < 0 || !bytes.AsSpan().StartsWith("HTTP/1.1 "u8))
        {
            return new RawAnswer(0, Encoding.UTF8.GetString(bytes), "");
        }

        var answer = new RawAnswer(int.Parse(bytes.AsSpan(9, 3), null), Encoding.UTF8.GetString(bytes, 0, end), "");
        var body = bytes.AsSpan(end + 4);
        return answer with { Body = Encoding.UTF8.GetString(answer.Header("Transfer-Encoding") == "chunked" ? Join(body) : body) };
    }

    /// <summary>The chunks without their lengths; of one that is cut off, what is there.</summary>
    private static byte[] Join(ReadOnlySpan<byte> chunks)
    {
        var joined = new List<byte>();
        while (chunks.IndexOf("\r\n"u8) is > 0 and var end && int.TryParse(chunks[..end], NumberStyles.AllowHexSpecifier, null, out var length) && length > 0)
        {
            var chunk = chunks[(end + 2)..];
            joined.AddRange(chunk[..Math.Min(length, chunk.Length)]);
            chunks = chunk[Math.Min(length + 2, chunk.Length)..];
        }

        return [.. joined];
    }
}
