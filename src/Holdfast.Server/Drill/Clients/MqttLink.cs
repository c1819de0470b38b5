using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Drill.Clients;

/// <summary>What a client does with what arrives. Called by one thread at a time.</summary>
internal interface IPacketHandler
{
    void OnPublish(in PublishPacket packet);

    void OnAck(AckPacket packet);

    void OnSubscriptionAck(SubscriptionAckPacket packet);

    void OnPingResponse();
}

/// <summary>
/// One connection, with every packet in plain sight: nothing is retried, acknowledged or remembered here. What is written is sent by
/// <see cref="Flush"/>, and by the read loop after it has handled what arrived.
/// </summary>
internal sealed class MqttLink : IDisposable
{
    private const uint MaximumPacketSize = 1024 * 1024;

    private readonly Lock _writing = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly Socket _socket;
    private readonly ProtocolVersion _version;
    private byte[] _input = new byte[64 * 1024];
    private int _inputLength;
    private ConnAckPacket? _connAck;
    private bool _ended;
    private bool _isAborted;

    private MqttLink(Socket socket, ProtocolVersion version)
    {
        _socket = socket;
        _version = version;
    }

    /// <summary>The server's answer.</summary>
    public ConnAckPacket ConnAck => _connAck!;

    /// <summary>The reason of the server's DISCONNECT, when it sent one.</summary>
    public ReasonCode? DisconnectReason { get; private set; }

    /// <summary>Connects, sends CONNECT and waits for CONNACK.</summary>
    /// <returns>Null when the connection ended before a CONNACK.</returns>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async Task<MqttLink?> OpenAsync(IPEndPoint server, ConnectPacket connect, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var link = new MqttLink(socket, connect.Version);
        try
        {
            await socket.ConnectAsync(server, cancellationToken);
            PacketEncoder.Write(connect, link._output);
            link.Flush();
            while (link._connAck is null && await link.ReceiveAsync(cancellationToken))
            {
                link.TakePackets(handler: null);
            }
        }
        catch
        {
            link.Dispose();
            throw;
        }

        if (link._connAck is null)
        {
            link.Dispose();
            return null;
        }

        return link;
    }

    /// <summary>Reads until the connection ends.</summary>
    public async Task RunAsync(IPacketHandler handler, CancellationToken cancellationToken)
    {
        do
        {
            TakePackets(handler);
            Flush();
        }
        while (await ReceiveAsync(cancellationToken));
    }

    public void Publish(in PublishPacket packet)
    {
        lock (_writing)
        {
            var size = PacketEncoder.Measure(packet, _version);
            PacketEncoder.Write(packet, _version, _output.GetSpan(size));
            _output.Advance(size);
        }
    }

    public void Acknowledge(PacketType type, ushort packetId)
    {
        lock (_writing)
        {
            var packet = new AckPacket(type, packetId, ReasonCode.Success);
            _output.Advance(PacketEncoder.Write(packet, _version, _output.GetSpan(PacketEncoder.MaximumAckSize)));
        }
    }

    public void Subscribe(SubscribePacket packet)
    {
        lock (_writing)
        {
            PacketEncoder.Write(packet, _version, _output);
        }
    }

    public void Ping()
    {
        lock (_writing)
        {
            PacketEncoder.WritePing(PacketType.PingReq, _output);
        }
    }

    /// <summary>Sends what was written. A connection that is gone swallows it: the read loop finds out.</summary>
    public void Flush()
    {
        lock (_writing)
        {
            try
            {
                if (!_ended && !_isAborted && _output.WrittenCount > 0)
                {
                    _socket.Send(_output.WrittenSpan);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                _ended = true;
            }

            _output.ResetWrittenCount();
        }
    }

    /// <summary>Sends what was written, and ends the connection without a DISCONNECT. What still arrives is thrown away.</summary>
    public void Abort()
    {
        Flush();
        _isAborted = true;
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // It is gone already.
        }
    }

    public void Dispose() => _socket.Dispose();

    private async ValueTask<bool> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (_inputLength == _input.Length)
        {
            Array.Resize(ref _input, 2 * _input.Length);
        }

        try
        {
            var count = await _socket.ReceiveAsync(_input.AsMemory(_inputLength), cancellationToken);
            _inputLength += count;
            return count > 0;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private void TakePackets(IPacketHandler? handler)
    {
        var taken = 0;
        while (!_isAborted && (handler is not null || _connAck is null)
            && PacketDecoder.TryReadHeader(_input.AsSpan(taken, _inputLength - taken), MaximumPacketSize, out var header) is var status
            && Check(status) && taken + header.Length <= _inputLength)
        {
            Dispatch(header, _input.AsSpan(taken + header.HeaderLength, header.BodyLength), handler);
            taken += header.Length;
        }

        taken = _isAborted ? _inputLength : taken;
        _input.AsSpan(taken, _inputLength - taken).CopyTo(_input);
        _inputLength -= taken;
    }

    private static bool Check(FrameStatus status) => status switch
    {
        FrameStatus.Complete => true,
        FrameStatus.Incomplete => false,
        _ => throw new InvalidDataException($"The server sent a packet that is {status}."),
    };

    private void Dispatch(FrameHeader header, ReadOnlySpan<byte> body, IPacketHandler? handler)
    {
        DecodeError error = default;
        var isRight = true;
        switch (header.Type)
        {
            case PacketType.ConnAck when _connAck is null:
                isRight = PacketDecoder.TryDecodeConnAck(header.Flags, body, _version, out _connAck, out error);
                break;
            case PacketType.Publish:
                isRight = PacketDecoder.TryDecodePublish(header.Flags, body, _version, out var publish, out error);
                handler!.OnPublish(publish);
                break;
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubRel or PacketType.PubComp:
                isRight = PacketDecoder.TryDecodeAck(header.Type, header.Flags, body, _version, out var ack, out error);
                handler!.OnAck(ack);
                break;
            case PacketType.SubAck:
                isRight = PacketDecoder.TryDecodeSubscriptionAck(header.Type, header.Flags, body, _version, out var subscriptionAck, out error);
                handler!.OnSubscriptionAck(subscriptionAck!);
                break;
            case PacketType.PingResp:
                handler!.OnPingResponse();
                break;
            case PacketType.Disconnect:
                isRight = PacketDecoder.TryDecodeDisconnect(header.Flags, body, _version, out var disconnect, out error, fromServer: true);
                DisconnectReason = disconnect?.Reason;
                break;
            default:
                throw new InvalidDataException($"The server sent a {header.Type}.");
        }

        if (!isRight)
        {
            throw new InvalidDataException($"The server sent a {header.Type} that is wrong: {error.Message}");
        }
    }
}
