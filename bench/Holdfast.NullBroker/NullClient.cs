using System.Net.Sockets;
using Holdfast.Mqtt;

namespace Holdfast.NullBroker;

/// <summary>A client of the null broker.</summary>
/// <param name="socket">Its socket.</param>
/// <param name="receivers">The clients that have subscribed.</param>
internal sealed class NullClient(Socket socket, List<NullClient> receivers)
{
    private static readonly byte[] ConnAck = [0x20, 2, 0, 0];

    private readonly byte[] _buffer = new byte[256 * 1024];
    private readonly byte[] _answers = new byte[256 * 1024];
    private int _end;
    private int _answerBytes;

    /// <summary>Serves it until it goes.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (await socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None) is > 0 and var received)
            {
                _end += received;
                int used = Parse();
                await ForwardAsync(_buffer.AsMemory(0, used));
                if (_answerBytes > 0)
                {
                    await SendAsync(_answers.AsMemory(0, _answerBytes));
                    _answerBytes = 0;
                }

                _buffer.AsSpan(used, _end - used).CopyTo(_buffer);
                _end -= used;
            }
        }
        catch (SocketException)
        {
            // The generator closes its connections when it is done.
        }

        lock (receivers)
        {
            receivers.Remove(this);
        }

        socket.Dispose();
    }

    private int Parse()
    {
        int used = 0;
        while (PacketDecoder.TryReadHeader(_buffer.AsSpan(used, _end - used), uint.MaxValue, out FrameHeader header) == FrameStatus.Complete && _end - used >= header.Length)
        {
            ReadOnlySpan<byte> body = _buffer.AsSpan(used + header.HeaderLength, header.BodyLength);
            switch (header.Type)
            {
                case PacketType.Connect:
                    Answer(ConnAck);
                    break;
                case PacketType.Subscribe:
                    Answer([0x90, 3, body[0], body[1], 0]);
                    lock (receivers)
                    {
                        receivers.Add(this);
                    }

                    break;
                case PacketType.Publish when (header.Flags & 0x06) != 0:
                    int id = 2 + (body[0] << 8) + body[1];
                    Answer([0x40, 2, body[id], body[id + 1]]);
                    break;
            }

            used += header.Length;
        }

        return used;
    }

    private void Answer(ReadOnlySpan<byte> packet)
    {
        packet.CopyTo(_answers.AsSpan(_answerBytes));
        _answerBytes += packet.Length;
    }

    // Only what publishers send at QoS 0 goes on; it needs no change.
    private async ValueTask ForwardAsync(ReadOnlyMemory<byte> packets)
    {
        if (packets.IsEmpty || packets.Span[0] != (byte)PacketType.Publish << 4)
        {
            return;
        }

        NullClient[] all;
        lock (receivers)
        {
            all = [.. receivers];
        }

        foreach (NullClient receiver in all)
        {
            await receiver.SendAsync(packets);
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
        }
    }
}
