using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Holdfast.Mqtt;

namespace Holdfast.Server.Tests.Bench;

/// <summary>A broker that answers each packet with prepared bytes, to misbehave in a known way.</summary>
internal sealed class ScriptedBroker : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<PacketType, byte[], byte[]> _answer;

    /// <summary>Starts it.</summary>
    /// <param name="answer">Gives the answer to a packet from its type and body; nothing for no answer.</param>
    public ScriptedBroker(Func<PacketType, byte[], byte[]> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Port => ((IPEndPoint)_listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

    public void Dispose() => _listener.Stop();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            NetworkStream stream = client.GetStream();
            byte[] buffer = new byte[64 * 1024];
            int end = 0;
            try
            {
                while (await stream.ReadAsync(buffer.AsMemory(end)) is > 0 and var received)
                {
                    end += received;
                    while (PacketDecoder.TryReadHeader(buffer.AsSpan(0, end), uint.MaxValue, out FrameHeader header) == FrameStatus.Complete && end >= header.Length)
                    {
                        byte[] body = buffer[header.HeaderLength..header.Length];
                        buffer.AsSpan(header.Length, end - header.Length).CopyTo(buffer);
                        end -= header.Length;
                        await stream.WriteAsync(_answer(header.Type, body));
                    }
                }
            }
            catch (IOException)
            {
                // The client is gone.
            }
        }
    }
}
