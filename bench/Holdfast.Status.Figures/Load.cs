using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Holdfast.Status.Figures;

/// <summary>What came of a load.</summary>
internal sealed record LoadResult(double PerSecond, TimeSpan P99, long Bytes);

/// <summary>Asks for one document over and over on several connections that are kept, each time when the answer is there.</summary>
internal static class Load
{
    /// <summary>How many connections.</summary>
    public const int Connections = 16;

    /// <summary>Keeps this process to one core.</summary>
    public static void UseCore(int core)
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        {
            using var itself = Process.GetCurrentProcess();
            itself.ProcessorAffinity = 1 << core;
        }
    }

    /// <summary>Runs the load.</summary>
    /// <exception cref="InvalidDataException">An answer was not 200.</exception>
    public static async Task<LoadResult> RunAsync(Uri address, string path, TimeSpan duration)
    {
        long start = Stopwatch.GetTimestamp();
        (List<long> Ticks, long Bytes)[] all = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(() => AskAsync(address, path, start, duration))));
        long[] ticks = [.. all.SelectMany(one => one.Ticks).Order()];
        return new LoadResult(ticks.Length / Stopwatch.GetElapsedTime(start).TotalSeconds, Stopwatch.GetElapsedTime(0, ticks[(int)(ticks.Length * 0.99)]), all[0].Bytes);
    }

    private static async Task<(List<long> Ticks, long Bytes)> AskAsync(Uri address, string path, long start, TimeSpan duration)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Parse(address.Host), address.Port);
        byte[] request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n");
        byte[] buffer = new byte[256 * 1024];
        var ticks = new List<long>();
        long bytes = 0;
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            long begin = Stopwatch.GetTimestamp();
            await socket.SendAsync(request);
            bytes = await ReadAsync(socket, buffer);
            ticks.Add(Stopwatch.GetTimestamp() - begin);
        }

        return (ticks, bytes);
    }

    // Each answer tells its length.
    private static async Task<long> ReadAsync(Socket socket, byte[] buffer)
    {
        int head = -1;
        int count = 0;
        while (head < 0)
        {
            count += await ReceiveAsync(socket, buffer.AsMemory(count));
            head = buffer.AsSpan(0, count).IndexOf("\r\n\r\n"u8);
        }

        string headers = Encoding.ASCII.GetString(buffer, 0, head);
        if (!headers.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
        {
            throw new InvalidDataException(headers);
        }

        const string Length = "Content-Length: ";
        int at = headers.IndexOf(Length, StringComparison.OrdinalIgnoreCase) + Length.Length;
        int end = headers.IndexOf('\r', at);
        long length = long.Parse(headers[at..(end < 0 ? headers.Length : end)], System.Globalization.CultureInfo.InvariantCulture);
        for (long left = head + 4 + length - count; left > 0;)
        {
            left -= await ReceiveAsync(socket, buffer);
        }

        return length;
    }

    private static async Task<int> ReceiveAsync(Socket socket, Memory<byte> buffer)
        => await socket.ReceiveAsync(buffer) is > 0 and var count ? count : throw new InvalidDataException("The page closed the connection.");
}
