using System.Buffers;
using System.Net.Sockets;
using System.Text;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Client;

/// <summary>
/// A client that does exactly what a test tells it: it acknowledges nothing by itself and can send any bytes. Packets are taken in the
/// order in which they came; only PUBLISH is set aside while a test waits for another type, because a broker may send it at any time.
/// </summary>
public sealed class TestClient : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly TcpClient _tcp = new() { NoDelay = true };
    private readonly ProtocolVersion _version;
    private readonly Queue<ReceivedPublish> _setAside = new();
    private byte[] _received = new byte[4_096];
    private int _start;
    private int _end;
    private ushort _packetId;

    private TestClient(ProtocolVersion version) => _version = version;

    /// <summary>Messages that came while the test waited for something else.</summary>
    public int SetAside => _setAside.Count;

    /// <summary>The largest packet that this client takes, in bytes [MQTT-3.1.2-24].</summary>
    public uint MaximumPacketSize { get; set; } = uint.MaxValue;

    /// <summary>Opens the network connection and sends nothing.</summary>
    public static async Task<TestClient> OpenAsync(TargetBroker broker, ProtocolVersion version)
    {
        var address = await broker.AddressAsync();
        var client = new TestClient(version);
        using var deadline = NewDeadline();
        await client._tcp.ConnectAsync(address.Host, address.Port, deadline.Token);
        return client;
    }

    /// <summary>A packet identifier that this client has not used yet.</summary>
    public ushort NextPacketId() => ++_packetId;

    /// <summary>Sends bytes as they are.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var deadline = NewDeadline();
        await _tcp.GetStream().WriteAsync(bytes, deadline.Token);
    }

    /// <summary>Sends what is encoded.</summary>
    public Task SendAsync(Action<IBufferWriter<byte>> encode)
    {
        var bytes = new ArrayBufferWriter<byte>();
        encode(bytes);
        return SendAsync(bytes.WrittenMemory);
    }

    /// <summary>Sends an acknowledgement.</summary>
    public Task SendAsync(PacketType type, ushort packetId, ReasonCode reason = ReasonCode.Success)
    {
        var bytes = new byte[PacketEncoder.MaximumAckSize];
        var length = PacketEncoder.Write(new AckPacket(type, packetId, reason), _version, bytes);
        return SendAsync(bytes.AsMemory(0, length));
    }

    /// <summary>Sends a PUBLISH.</summary>
    public Task SendAsync(Message message, ushort packetId)
    {
        var packet = new PublishPacket
        {
            Topic = Encoding.UTF8.GetBytes(message.Topic),
            Payload = message.Payload,
            Properties = message.Properties,
            MessageExpirySeconds = message.ExpirySeconds,
            TopicAlias = message.TopicAlias,
            QualityOfService = message.Quality,
            PacketId = message.Quality == QualityOfService.AtMostOnce ? (ushort)0 : packetId,
            Duplicate = message.Duplicate,
            Retain = message.Retain,
        };
        var bytes = new byte[PacketEncoder.Measure(packet, _version)];
        PacketEncoder.Write(packet, _version, bytes);
        return SendAsync(bytes);
    }

    /// <summary>The next packet of the type; what comes before it must be PUBLISH.</summary>
    public async Task<ReceivedPacket> ReceiveAsync(PacketType type)
    {
        while (true)
        {
            var packet = await ReadAsync() ?? throw new EndOfStreamException($"The connection ended while {type} was awaited.");
            if (packet.Type == type)
            {
                return packet;
            }

            if (packet.Type != PacketType.Publish)
            {
                throw new InvalidDataException($"{packet.Type} {Convert.ToHexString(packet.Body)} came while {type} was awaited.");
            }

            _setAside.Enqueue(DecodePublish(packet));
        }
    }

    /// <summary>The next PUBLISH.</summary>
    public async Task<ReceivedPublish> ReceivePublishAsync()
        => _setAside.TryDequeue(out var message) ? message : DecodePublish(await ReceiveAsync(PacketType.Publish));

    /// <summary>The next packet must be this acknowledgement.</summary>
    public async Task<AckPacket> ReceiveAckAsync(PacketType type)
    {
        var packet = await ReceiveAsync(type);
        return PacketDecoder.TryDecodeAck(type, packet.Flags, packet.Body, _version, out var ack, out var error) ? ack : throw Bad(packet, error);
    }

    /// <summary>The next packet must be a CONNACK.</summary>
    public async Task<ConnAckPacket> ReceiveConnAckAsync()
    {
        var packet = await ReceiveAsync(PacketType.ConnAck);
        return PacketDecoder.TryDecodeConnAck(packet.Flags, packet.Body, _version, out var connAck, out var error) ? connAck! : throw Bad(packet, error);
    }

    /// <summary>The next packet must be a SUBACK or UNSUBACK.</summary>
    public async Task<SubscriptionAckPacket> ReceiveSubscriptionAckAsync(PacketType type)
    {
        var packet = await ReceiveAsync(type);
        return PacketDecoder.TryDecodeSubscriptionAck(type, packet.Flags, packet.Body, _version, out var ack, out var error)
            ? ack!
            : throw Bad(packet, error);
    }

    /// <summary>A DISCONNECT must come.</summary>
    public async Task<DisconnectPacket> ReceiveDisconnectAsync() => DecodeDisconnect(await ReceiveAsync(PacketType.Disconnect));

    /// <summary>Reads a DISCONNECT of the broker: its reason must be one of a server's, and it has no session expiry [MQTT-3.14.2-2].</summary>
    public static DisconnectPacket DecodeDisconnect(ReceivedPacket packet)
    {
        if (!PacketDecoder.TryDecodeDisconnect(packet.Flags, packet.Body, ProtocolVersion.Mqtt5, out var disconnect, out var error, fromServer: true))
        {
            throw Bad(packet, error);
        }

        Assert.Null(disconnect!.SessionExpirySeconds);
        return disconnect;
    }

    /// <summary>Any packet, or null at the end of the connection, in whatever manner it ends.</summary>
    public async Task<ReceivedPacket?> ReceiveAnyAsync()
    {
        try
        {
            return await ReadAsync();
        }
        catch (IOException exception) when (exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return null;
        }
    }

    /// <summary>Nothing but messages may come before the connection ends in good order.</summary>
    public async Task ExpectEndAsync()
    {
        while (await ReadAsync() is { } packet)
        {
            if (packet.Type != PacketType.Publish)
            {
                throw new InvalidDataException($"{packet.Type} {Convert.ToHexString(packet.Body)} came instead of the end.");
            }
        }
    }

    /// <summary>The connection must end, in whatever manner, without another packet.</summary>
    public async Task ExpectClosedAsync()
    {
        try
        {
            await ExpectEndAsync();
        }
        catch (IOException exception) when (exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // A reset is an end as well, when there was nothing to say.
        }
    }

    /// <summary>Closes the network connection without a word.</summary>
    public void Drop() => _tcp.Close();

    public ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        return ValueTask.CompletedTask;
    }

    private static CancellationTokenSource NewDeadline()
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        return deadline;
    }

    private static InvalidDataException Bad(ReceivedPacket packet, DecodeError error)
        => new($"The broker sent a bad {packet.Type} {Convert.ToHexString(packet.Body)}: {error}");

    private ReceivedPublish DecodePublish(ReceivedPacket packet)
    {
        if (!PacketDecoder.TryDecodePublish(packet.Flags, packet.Body, _version, out var publish, out var error, fromServer: true))
        {
            throw Bad(packet, error);
        }

        return new ReceivedPublish(
            Encoding.UTF8.GetString(publish.Topic), publish.Payload.ToArray(), publish.QualityOfService, publish.PacketId, publish.Duplicate,
            publish.Retain, publish.MessageExpirySeconds, publish.Properties.ToArray(), publish.TopicAlias);
    }

    private async Task<ReceivedPacket?> ReadAsync()
    {
        using var deadline = NewDeadline();
        while (true)
        {
            var status = PacketDecoder.TryReadHeader(_received.AsSpan(_start.._end), uint.MaxValue, out var header);
            if (status is FrameStatus.Malformed or FrameStatus.TooLarge)
            {
                throw new InvalidDataException("The broker sent a malformed fixed header.");
            }

            if (status == FrameStatus.Complete && _end - _start >= header.Length)
            {
                if ((uint)header.Length > MaximumPacketSize)
                {
                    throw new InvalidDataException($"{header.Type} has {header.Length} bytes; this client takes {MaximumPacketSize}.");
                }

                var body = _received.AsSpan(_start + header.HeaderLength, header.BodyLength).ToArray();
                _start += header.Length;
                return new ReceivedPacket(header.Type, header.Flags, body, header.Length);
            }

            MakeRoom(status == FrameStatus.Complete ? header.Length : 0);
            var read = await _tcp.GetStream().ReadAsync(_received.AsMemory(_end), deadline.Token);
            if (read == 0)
            {
                return _start == _end ? null : throw new InvalidDataException("The connection ended inside a packet.");
            }

            _end += read;
        }
    }

    private void MakeRoom(int needed)
    {
        _received.AsSpan(_start.._end).CopyTo(_received);
        (_start, _end) = (0, _end - _start);
        if (_end == _received.Length || needed > _received.Length)
        {
            Array.Resize(ref _received, Math.Max(needed, _received.Length * 2));
        }
    }
}
