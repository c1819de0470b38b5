using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Bench;

/// <summary>What a connection of the load generator does with packets.</summary>
internal interface IBenchPackets
{
    /// <summary>A PUBLISH arrived.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="now">The <see cref="Stopwatch"/> timestamp of the read that brought it.</param>
    void OnPublish(in PublishPacket packet, long now);

    /// <summary>A PUBACK, PUBREC, PUBREL or PUBCOMP arrived.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="now">The <see cref="Stopwatch"/> timestamp of the read that brought it.</param>
    void OnAck(AckPacket packet, long now);

    /// <summary>All packets of a read were given; time to send.</summary>
    void OnReadCompleted();
}

/// <summary>
/// One MQTT connection over a raw socket. Reads are parsed by our codec; what is written is collected and sent in as few calls as possible.
/// </summary>
internal sealed class BenchConnection : IDisposable
{
    private const int ReadBufferBytes = 64 * 1024;
    private const uint MaximumPacketBytes = 64 * 1024 * 1024;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly ProtocolVersion _version;
    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _pending = new(4096);
    private ArrayBufferWriter<byte> _sending = new(4096);
    private bool _isSending;
    private byte[] _buffer = new byte[ReadBufferBytes];
    private int _start;
    private int _end;

    /// <summary>Makes a connection that is not open yet.</summary>
    /// <param name="version">The protocol version.</param>
    public BenchConnection(ProtocolVersion version) => _version = version;

    /// <summary>Why the connection ended, when that was not asked for.</summary>
    public string? Failure { get; private set; }

    /// <summary>Guards what is written: take it around <see cref="Write(ReadOnlySpan{byte})"/> when several threads write.</summary>
    public Lock Gate => _gate;

    /// <summary>Opens the connection: CONNECT, CONNACK.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="clientId">The client identifier.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task ConnectAsync(BenchOptions options, string clientId, CancellationToken cancellationToken)
    {
        await _socket.ConnectAsync(options.Host, options.Port, cancellationToken);
        var writer = new ArrayBufferWriter<byte>();
        PacketEncoder.Write(
            new ConnectPacket
            {
                Version = options.Version,
                ClientId = clientId,
                CleanStart = true,
                UserName = options.UserName,
                Password = options.Password is null ? null : (ReadOnlyMemory<byte>?)Encoding.UTF8.GetBytes(options.Password),
            },
            writer);
        await SendAsync(writer.WrittenMemory, cancellationToken);
        (FrameHeader header, ReadOnlyMemory<byte> body) = await ReadPacketAsync(cancellationToken);
        if (header.Type != PacketType.ConnAck
            || !PacketDecoder.TryDecodeConnAck(header.Flags, body.Span, _version, out ConnAckPacket? answer, out _)
            || answer!.Reason != ReasonCode.Success)
        {
            throw new InvalidDataException($"the broker answered CONNECT with {header.Type} {(body.Length > 1 ? (ReasonCode)body.Span[1] : "")}");
        }
    }

    /// <summary>Subscribes: SUBSCRIBE, SUBACK.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="qualityOfService">The quality of service.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task SubscribeAsync(string filter, QualityOfService qualityOfService, CancellationToken cancellationToken)
    {
        var writer = new ArrayBufferWriter<byte>();
        PacketEncoder.Write(new SubscribePacket { PacketId = 1, Requests = [new SubscriptionRequest(filter, qualityOfService)] }, _version, writer);
        await SendAsync(writer.WrittenMemory, cancellationToken);
        (FrameHeader header, ReadOnlyMemory<byte> body) = await ReadPacketAsync(cancellationToken);
        if (header.Type != PacketType.SubAck || body.Span[^1] > 2)
        {
            throw new InvalidDataException($"the broker answered SUBSCRIBE {filter} with {header.Type} {(body.Length > 0 ? (ReasonCode)body.Span[^1] : "")}");
        }
    }

    /// <summary>Reads packets until the connection ends.</summary>
    /// <param name="packets">What to do with them.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task RunAsync(IBenchPackets packets, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                Parse(packets);
                int received = await ReceiveAsync(cancellationToken);
                if (received == 0)
                {
                    Failure ??= "closed by the broker";
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception exception) when (exception is SocketException or InvalidDataException or ObjectDisposedException)
        {
            Failure ??= exception.Message;
        }
    }

    /// <summary>Sends at once, waiting for room. Not together with <see cref="Write(ReadOnlySpan{byte})"/>.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
        }
    }

    /// <summary>Collects bytes for the next <see cref="Flush"/>. The caller holds <see cref="Gate"/>.</summary>
    /// <param name="bytes">The bytes.</param>
    public void Write(ReadOnlySpan<byte> bytes) => _pending.Write(bytes);

    /// <summary>Collects an acknowledgement for the next <see cref="Flush"/>. The caller holds <see cref="Gate"/>.</summary>
    /// <param name="packet">The packet.</param>
    public void Write(AckPacket packet)
        => _pending.Advance(PacketEncoder.Write(packet, _version, _pending.GetSpan(PacketEncoder.MaximumAckSize)));

    /// <summary>Sends what was collected, unless a send is under way, which then takes it along.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (_isSending || _pending.WrittenCount == 0)
            {
                return;
            }

            _isSending = true;
        }

        _ = DrainAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private async Task DrainAsync()
    {
        try
        {
            while (true)
            {
                lock (_gate)
                {
                    if (_pending.WrittenCount == 0)
                    {
                        _isSending = false;
                        return;
                    }

                    (_pending, _sending) = (_sending, _pending);
                }

                await SendAsync(_sending.WrittenMemory, CancellationToken.None);
                _sending.ResetWrittenCount();
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Failure ??= exception.Message;
        }
    }

    private void Parse(IBenchPackets packets)
    {
        long now = Stopwatch.GetTimestamp();
        while (TryTakePacket(out FrameHeader header, out ReadOnlyMemory<byte> body))
        {
            switch (header.Type)
            {
                case PacketType.Publish:
                    if (!PacketDecoder.TryDecodePublish(header.Flags, body.Span, _version, out PublishPacket publish, out DecodeError publishError))
                    {
                        throw new InvalidDataException(publishError.Message);
                    }

                    packets.OnPublish(in publish, now);
                    break;
                case PacketType.PubAck or PacketType.PubRec or PacketType.PubRel or PacketType.PubComp:
                    if (!PacketDecoder.TryDecodeAck(header.Type, header.Flags, body.Span, _version, out AckPacket ack, out DecodeError ackError))
                    {
                        throw new InvalidDataException(ackError.Message);
                    }

                    packets.OnAck(ack, now);
                    break;
                case PacketType.Disconnect:
                    Failure = $"the broker disconnected: {(body.Length > 0 ? (ReasonCode)body.Span[0] : ReasonCode.Success)}";
                    break;
            }
        }

        packets.OnReadCompleted();
    }

    private async Task<(FrameHeader Header, ReadOnlyMemory<byte> Body)> ReadPacketAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTakePacket(out FrameHeader header, out ReadOnlyMemory<byte> body))
            {
                return (header, body);
            }

            if (await ReceiveAsync(cancellationToken) == 0)
            {
                throw new InvalidDataException("the broker closed the connection");
            }
        }
    }

    private bool TryTakePacket(out FrameHeader header, out ReadOnlyMemory<byte> body)
    {
        body = default;
        FrameStatus status = PacketDecoder.TryReadHeader(_buffer.AsSpan(_start, _end - _start), MaximumPacketBytes, out header);
        if (status is FrameStatus.Malformed or FrameStatus.TooLarge)
        {
            throw new InvalidDataException("the broker sent something that is not MQTT");
        }

        if (status == FrameStatus.Incomplete || _end - _start < header.Length)
        {
            return false;
        }

        body = _buffer.AsMemory(_start + header.HeaderLength, header.BodyLength);
        _start += header.Length;
        return true;
    }

    private async ValueTask<int> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int received = await _socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancellationToken);
        _end += received;
        return received;
    }
}
