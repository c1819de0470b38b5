using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Tests.Attacks;

/// <summary>An MQTT 5 client that sends whatever it is told to, and shows what comes back.</summary>
internal sealed class RawMqtt : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[4096];
    private int _length;

    /// <summary>The whole CONNACK as it came.</summary>
    public byte[] ConnAckBytes { get; private set; } = [];

    /// <summary>The CONNACK.</summary>
    public ConnAckPacket ConnAck { get; private set; } = null!;

    public static async Task<RawMqtt> OpenAsync(int port)
    {
        var client = new RawMqtt();
        await client._socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(Limit);
        return client;
    }

    /// <summary>Connects and expects CONNACK, whatever it says.</summary>
    public static async Task<RawMqtt> TryConnectAsync(int port, string userName, string password, string clientId = "c", Func<ConnectPacket, ConnectPacket>? with = null)
    {
        var client = await OpenAsync(port);
        var packet = new ConnectPacket { Version = ProtocolVersion.Mqtt5, ClientId = clientId, CleanStart = false, UserName = userName, Password = Encoding.UTF8.GetBytes(password) };
        await client.SendAsync(Encode(writer => PacketEncoder.Write(with is null ? packet : with(packet), writer)));
        var (header, body, bytes) = await client.ReadAsync();
        Assert.True(header.Type == PacketType.ConnAck && PacketDecoder.TryDecodeConnAck(header.Flags, body, ProtocolVersion.Mqtt5, out var connAck, out _) && (client.ConnAck = connAck!) is not null);
        client.ConnAckBytes = bytes;
        return client;
    }

    /// <summary>Connects and must be accepted.</summary>
    public static async Task<RawMqtt> ConnectAsync(int port, string userName, string password, string clientId = "c", Func<ConnectPacket, ConnectPacket>? with = null)
    {
        var client = await TryConnectAsync(port, userName, password, clientId, with);
        Assert.Equal(ReasonCode.Success, client.ConnAck.Reason);
        return client;
    }

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => _socket.SendAsync(bytes).AsTask().WaitAsync(Limit);

    /// <summary>Subscribes at QoS 1 and gives the reasons.</summary>
    public async Task<IReadOnlyList<ReasonCode>> SubscribeAsync(params string[] filters)
    {
        var packet = new SubscribePacket { PacketId = 7, Requests = [.. filters.Select(filter => new SubscriptionRequest(filter, QualityOfService.AtLeastOnce))] };
        await SendAsync(Encode(writer => PacketEncoder.Write(packet, ProtocolVersion.Mqtt5, writer)));
        var (header, body, _) = await ReadAsync();
        Assert.True(PacketDecoder.TryDecodeSubscriptionAck(header.Type, header.Flags, body, ProtocolVersion.Mqtt5, out var answer, out var error), error.Message);
        return answer!.Reasons;
    }

    public async Task PublishAsync(string topic, string payload, QualityOfService qualityOfService = QualityOfService.AtLeastOnce, bool retain = false, ushort alias = 0, byte[]? properties = null)
    {
        var packet = new PublishPacket
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            Payload = Encoding.UTF8.GetBytes(payload),
            QualityOfService = qualityOfService,
            PacketId = qualityOfService == QualityOfService.AtMostOnce ? (ushort)0 : (ushort)9,
            Retain = retain,
            TopicAlias = alias,
            Properties = properties ?? [],
        };
        var bytes = new byte[PacketEncoder.Measure(packet, ProtocolVersion.Mqtt5)];
        PacketEncoder.Write(packet, ProtocolVersion.Mqtt5, bytes);
        await SendAsync(bytes);
    }

    /// <summary>Publishes at QoS 1 and waits until it is stored.</summary>
    public async Task PublishAndWaitAsync(string topic, string payload, bool retain = false, byte[]? properties = null)
    {
        await PublishAsync(topic, payload, retain: retain, properties: properties);
        Assert.Equal(PacketType.PubAck, (await ReadAsync()).Header.Type);
    }

    /// <summary>The next PUBLISH, as topic and payload.</summary>
    public async Task<(string Topic, string Payload)> MessageAsync()
    {
        var (header, body, _) = await ReadAsync();
        Assert.True(header.Type == PacketType.Publish, $"{header.Type} instead of a message");
        Assert.True(PacketDecoder.TryDecodePublish(header.Flags, body, ProtocolVersion.Mqtt5, out var packet, out var error, fromServer: true), error.Message);
        return (Encoding.UTF8.GetString(packet.Topic), Encoding.UTF8.GetString(packet.Payload));
    }

    /// <summary>The type of the next packet.</summary>
    public async Task<PacketType> NextTypeAsync() => (await ReadAsync()).Header.Type;

    /// <summary>The topic of the next packet; null when it is no message.</summary>
    public async Task<string?> TryTakeMessageTopicAsync()
    {
        var (header, body, _) = await ReadAsync();
        return header.Type == PacketType.Publish && PacketDecoder.TryDecodePublish(header.Flags, body, ProtocolVersion.Mqtt5, out var packet, out _, fromServer: true) ? Encoding.UTF8.GetString(packet.Topic) : null;
    }

    /// <summary>All messages that have come, found with a PINGREQ: what was written before its answer has come before it.</summary>
    public async Task<IReadOnlyList<(string Topic, string Payload)>> MessagesAsync()
    {
        await SendAsync(new byte[] { 0xC0, 0 });
        var messages = new List<(string Topic, string Payload)>();
        while (true)
        {
            var (header, body, _) = await ReadAsync();
            if (header.Type == PacketType.PingResp)
            {
                return messages;
            }

            Assert.True(PacketDecoder.TryDecodePublish(header.Flags, body, ProtocolVersion.Mqtt5, out var packet, out var error, fromServer: true), error.Message);
            messages.Add((Encoding.UTF8.GetString(packet.Topic), Encoding.UTF8.GetString(packet.Payload)));
        }
    }

    /// <summary>Asserts that nothing has come, with a PINGREQ: what was written before its answer has come before it.</summary>
    public async Task AssertNothingCameAsync()
    {
        await SendAsync(new byte[] { 0xC0, 0 });
        Assert.Equal(PacketType.PingResp, (await ReadAsync()).Header.Type);
    }

    /// <summary>The reason of the DISCONNECT that must be next, with the end of the connection behind it.</summary>
    public async Task<ReasonCode> DisconnectedAsync()
    {
        var (header, body, _) = await ReadAsync();
        Assert.True(header.Type == PacketType.Disconnect, $"{header.Type} instead of DISCONNECT");
        Assert.True(PacketDecoder.TryDecodeDisconnect(header.Flags, body, ProtocolVersion.Mqtt5, out var packet, out var error, fromServer: true), error.Message);
        Assert.True(await IsEndedAsync());
        return packet!.Reason;
    }

    /// <summary>Whether the connection ends, and nothing comes before.</summary>
    public async Task<bool> IsEndedAsync()
    {
        try
        {
            return _length == 0 && await _socket.ReceiveAsync(_buffer.AsMemory()).AsTask().WaitAsync(Limit) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    public void Dispose() => _socket.Dispose();

    private static byte[] Encode(Action<IBufferWriter<byte>> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        write(bytes);
        return bytes.WrittenSpan.ToArray();
    }

    private async Task<(FrameHeader Header, byte[] Body, byte[] Packet)> ReadAsync()
    {
        while (true)
        {
            if (PacketDecoder.TryReadHeader(_buffer.AsSpan(0, _length), uint.MaxValue, out var header) == FrameStatus.Complete && _length >= header.Length)
            {
                var packet = _buffer.AsSpan(0, header.Length).ToArray();
                _buffer.AsSpan(header.Length, _length - header.Length).CopyTo(_buffer);
                _length -= header.Length;
                return (header, packet[header.HeaderLength..], packet);
            }

            if (_length == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var received = await _socket.ReceiveAsync(_buffer.AsMemory(_length)).AsTask().WaitAsync(Limit);
            Assert.True(received > 0, "The server has ended the connection.");
            _length += received;
        }
    }
}
