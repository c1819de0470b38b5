using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Bench.Connections;

/// <summary>One MQTT connection. Reads are parsed by our codec; what is written is collected and sent in as few calls as possible.</summary>
/// <param name="version">The protocol version.</param>
internal sealed class BenchConnection(ProtocolVersion version) : IDisposable
{
    /// <summary>Thousands of idle connections need little; a busy one grows to <see cref="LargestReadBytes"/>.</summary>
    private const int SmallestReadBytes = 256;

    private const int LargestReadBytes = 128 * 1024;
    private const uint MaximumPacketBytes = 64 * 1024 * 1024;

    private readonly Lock _gate = new();
    private Stream? _stream;
    private ArrayBufferWriter<byte> _pending = new();
    private ArrayBufferWriter<byte> _sending = new();
    private bool _isSending;
    private volatile bool _isDisposed;
    private byte[] _buffer = new byte[SmallestReadBytes];
    private int _start;
    private int _end;
    private bool _readFilledBuffer;

    /// <summary>Why the connection ended, when that was not asked for.</summary>
    public string? Failure { get; private set; }

    /// <summary>Guards what is written: take it around <see cref="Write(ReadOnlySpan{byte})"/>, except in <see cref="IBenchPackets"/>, where it is held.</summary>
    public Lock Gate => _gate;

    /// <summary>Bytes collected and not yet given to the socket. The caller holds <see cref="Gate"/>.</summary>
    public int PendingBytes => _pending.WrittenCount;

    /// <summary>Connects; the connection is the caller's to dispose of.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="client">Who.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketException">The broker cannot be reached.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="BenchException">The broker refused, or does not speak MQTT.</exception>
    public static async Task<BenchConnection> OpenAsync(BenchOptions options, BenchClient client, CancellationToken cancellationToken)
    {
        var connection = new BenchConnection(options.Version);
        try
        {
            await connection.ConnectAsync(options, client, cancellationToken);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Subscribes and waits for the answer. Not together with <see cref="RunAsync"/>.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="qualityOfService">The quality of service.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="BenchException">The broker refused.</exception>
    public Task SubscribeAsync(string filter, QualityOfService qualityOfService, CancellationToken cancellationToken)
        => SubscribeAsync([filter], qualityOfService, cancellationToken);

    /// <summary>Subscribes to several filters with one packet and waits for the answer. Not together with <see cref="RunAsync"/>.</summary>
    /// <param name="filters">The filters.</param>
    /// <param name="qualityOfService">The quality of service.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="BenchException">The broker refused some.</exception>
    public async Task SubscribeAsync(IReadOnlyList<string> filters, QualityOfService qualityOfService, CancellationToken cancellationToken)
    {
        await SendAsync(EncodeSubscribe(filters, qualityOfService), cancellationToken);
        (FrameHeader header, ReadOnlyMemory<byte> body) = await ReadPacketAsync(cancellationToken);
        if (header.Type != PacketType.SubAck || body.Span[^filters.Count..].ContainsAnyExceptInRange((byte)0, (byte)2))
        {
            throw new BenchException($"the broker answered SUBSCRIBE with {header.Type} {(body.Length > 0 ? (ReasonCode)body.Span[^1] : "")}");
        }
    }

    /// <summary>A SUBSCRIBE for <see cref="Write(ReadOnlySpan{byte})"/>; a refusal then ends the connection.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="qualityOfService">The quality of service.</param>
    public ReadOnlyMemory<byte> EncodeSubscribe(string filter, QualityOfService qualityOfService) => EncodeSubscribe([filter], qualityOfService);

    private ReadOnlyMemory<byte> EncodeSubscribe(IReadOnlyList<string> filters, QualityOfService qualityOfService)
    {
        var writer = new ArrayBufferWriter<byte>();
        PacketEncoder.Write(new SubscribePacket { PacketId = 1, Requests = [.. filters.Select(filter => new SubscriptionRequest(filter, qualityOfService))] }, version, writer);
        return writer.WrittenMemory;
    }

    /// <summary>Reads packets until the connection ends or is disposed of.</summary>
    /// <param name="packets">What to do with them.</param>
    public async Task RunAsync(IBenchPackets packets)
    {
        try
        {
            while (true)
            {
                Parse(packets);
                Flush();
                PrepareRead();
                int received = await _stream!.ReadAsync(_buffer.AsMemory(_end), CancellationToken.None);
                if (received == 0)
                {
                    Fail("closed by the broker");
                    return;
                }

                CompleteRead(received);
            }
        }
        catch (Exception exception) when (BenchException.IsConnectionFailure(exception))
        {
            Fail(BenchException.ReasonOf(exception));
        }
    }

    /// <summary>Sends at once, waiting for room. Not together with <see cref="Write(ReadOnlySpan{byte})"/>.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => _stream!.WriteAsync(bytes, cancellationToken);

    /// <summary>Ends the connection as MQTT asks for: DISCONNECT, then close.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task DisconnectAsync(CancellationToken cancellationToken)
    {
        var writer = new ArrayBufferWriter<byte>();
        PacketEncoder.Write(new DisconnectPacket(), version, writer);
        try
        {
            await SendAsync(writer.WrittenMemory, cancellationToken);
        }
        catch (Exception exception) when (BenchException.IsConnectionFailure(exception))
        {
            Fail(BenchException.ReasonOf(exception));
        }

        Dispose();
    }

    /// <summary>Collects bytes for the next <see cref="Flush"/>. The caller holds <see cref="Gate"/>.</summary>
    /// <param name="bytes">The bytes.</param>
    public void Write(ReadOnlySpan<byte> bytes) => _pending.Write(bytes);

    /// <summary>Room for bytes that the caller, who holds <see cref="Gate"/>, fills.</summary>
    /// <param name="length">How many.</param>
    public Span<byte> Reserve(int length)
    {
        Span<byte> bytes = _pending.GetSpan(length)[..length];
        _pending.Advance(length);
        return bytes;
    }

    /// <summary>Collects an acknowledgement for the next <see cref="Flush"/>. The caller holds <see cref="Gate"/>.</summary>
    /// <param name="packet">The packet.</param>
    public void Write(AckPacket packet)
        => _pending.Advance(PacketEncoder.Write(packet, version, _pending.GetSpan(PacketEncoder.MaximumAckSize)));

    /// <summary>Sends a PINGREQ; its answer is not waited for.</summary>
    public void Ping()
    {
        lock (_gate)
        {
            Write([(byte)PacketType.PingReq << 4, 0]);
        }

        Flush();
    }

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
    public void Dispose()
    {
        _isDisposed = true;
        _stream?.Dispose();
    }

    private async Task ConnectAsync(BenchOptions options, BenchClient client, CancellationToken cancellationToken)
    {
        _stream = await BenchStream.OpenAsync(options, cancellationToken);
        var writer = new ArrayBufferWriter<byte>();
        PacketEncoder.Write(
            new ConnectPacket
            {
                Version = version,
                ClientId = client.ClientId,
                CleanStart = client.CleanStart && (version == ProtocolVersion.Mqtt5 || !client.KeepSession),
                SessionExpirySeconds = client.KeepSession ? BenchClient.KeptSeconds : 0,
                KeepAliveSeconds = (ushort)(options.KeepAlive?.TotalSeconds ?? 0),
                UserName = options.UserName,
                Password = options.Password is null ? null : (ReadOnlyMemory<byte>?)Encoding.UTF8.GetBytes(options.Password),
            },
            writer);
        await SendAsync(writer.WrittenMemory, cancellationToken);
        (FrameHeader header, ReadOnlyMemory<byte> body) = await ReadPacketAsync(cancellationToken);
        if (header.Type != PacketType.ConnAck || !PacketDecoder.TryDecodeConnAck(header.Flags, body.Span, version, out ConnAckPacket? answer, out _))
        {
            throw new BenchException($"the broker answered CONNECT with {header.Type}, not with a CONNACK that can be read");
        }

        if (answer!.Reason != ReasonCode.Success)
        {
            throw new BenchException($"the broker refused CONNECT: {answer.Reason}");
        }
    }

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
        catch (Exception exception) when (BenchException.IsConnectionFailure(exception))
        {
            Fail(BenchException.ReasonOf(exception));
        }
    }

    private void Fail(string reason)
    {
        if (!_isDisposed)
        {
            Failure ??= reason;
        }
    }

    private void Parse(IBenchPackets packets)
    {
        long now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (TryTakePacket(out FrameHeader header, out ReadOnlySpan<byte> body))
            {
                Dispatch(packets, header, body, now);
            }

            packets.OnReadCompleted();
        }
    }

    private void Dispatch(IBenchPackets packets, in FrameHeader header, ReadOnlySpan<byte> body, long now)
    {
        switch (header.Type)
        {
            case PacketType.Publish:
                if (!PacketDecoder.TryDecodePublish(header.Flags, body, version, out PublishPacket publish, out DecodeError publishError))
                {
                    throw new BenchException(publishError.Message);
                }

                packets.OnPublish(in publish, now);
                break;
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubRel or PacketType.PubComp:
                if (!PacketDecoder.TryDecodeAck(header.Type, header.Flags, body, version, out AckPacket ack, out DecodeError ackError))
                {
                    throw new BenchException(ackError.Message);
                }

                packets.OnAck(ack, now);
                break;
            case PacketType.SubAck when body[^1] > 2:
                throw new BenchException($"the broker refused SUBSCRIBE: {(ReasonCode)body[^1]}");
            case PacketType.Disconnect:
                Fail($"the broker sent DISCONNECT: {(body.Length > 0 ? (ReasonCode)body[0] : ReasonCode.Success)}");
                break;
        }
    }

    private async Task<(FrameHeader Header, ReadOnlyMemory<byte> Body)> ReadPacketAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTakePacket(out FrameHeader header, out ReadOnlySpan<byte> body))
            {
                return (header, body.ToArray());
            }

            PrepareRead();
            int received = await _stream!.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (received == 0)
            {
                throw new BenchException("the broker closed the connection");
            }

            CompleteRead(received);
        }
    }

    private bool TryTakePacket(out FrameHeader header, out ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_start, _end - _start);
        body = default;
        FrameStatus status = PacketDecoder.TryReadHeader(bytes, MaximumPacketBytes, out header);
        if (status is FrameStatus.Malformed or FrameStatus.TooLarge)
        {
            throw new BenchException("the broker sent something that is not MQTT");
        }

        if (status == FrameStatus.Incomplete || bytes.Length < header.Length)
        {
            return false;
        }

        body = bytes.Slice(header.HeaderLength, header.BodyLength);
        _start += header.Length;
        return true;
    }

    private void PrepareRead()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length || (_readFilledBuffer && _buffer.Length < LargestReadBytes))
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }

    private void CompleteRead(int received)
    {
        _readFilledBuffer = received == _buffer.Length - _end;
        _end += received;
    }
}
