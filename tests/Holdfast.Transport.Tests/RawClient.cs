using System.Buffers;
using System.Text;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Transport.Tests;

/// <summary>A socket, and bytes, over whatever carries them.</summary>
internal sealed class RawClient(Stream stream) : IDisposable
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _length;

    public static async Task<RawClient> OpenAsync(TestServer server, int? receiveBufferBytes = null)
        => new(await Carriers.OpenAsync(server, receiveBufferBytes));

    public static async Task<RawClient> ConnectAsync(
        TestServer server, string clientId, int? receiveBufferBytes = null, ushort keepAliveSeconds = 0, uint expirySeconds = 0)
    {
        var client = await OpenAsync(server, receiveBufferBytes);
        await client.SendAsync(Connect(clientId, keepAliveSeconds, expirySeconds));
        Assert.Equal(PacketType.ConnAck, (await client.ReadAsync()).Header.Type);
        return client;
    }

    public static byte[] Connect(string clientId, ushort keepAliveSeconds = 0, uint expirySeconds = 0, Will? will = null) => Encode(bytes => PacketEncoder.Write(
        new ConnectPacket { Version = ProtocolVersion.Mqtt5, ClientId = clientId, CleanStart = true, KeepAliveSeconds = keepAliveSeconds, SessionExpirySeconds = expirySeconds, Will = will }, bytes));

    public static byte[] Subscribe(string filter, QualityOfService qualityOfService) => Encode(bytes => PacketEncoder.Write(
        new SubscribePacket { PacketId = 1, Requests = [new SubscriptionRequest(filter, qualityOfService)] }, ProtocolVersion.Mqtt5, bytes));

    public static byte[] Publish(string topic, ReadOnlySpan<byte> payload, QualityOfService qualityOfService = QualityOfService.AtMostOnce, ushort packetId = 0)
    {
        var packet = new PublishPacket { Topic = Encoding.UTF8.GetBytes(topic), Payload = payload, QualityOfService = qualityOfService, PacketId = packetId };
        var bytes = new byte[PacketEncoder.Measure(packet, ProtocolVersion.Mqtt5)];
        PacketEncoder.Write(packet, ProtocolVersion.Mqtt5, bytes);
        return bytes;
    }

    public static byte[] Ping() => Encode(bytes => PacketEncoder.WritePing(PacketType.PingReq, bytes));

    public static byte[] PubAck(ushort packetId)
    {
        var bytes = new byte[PacketEncoder.MaximumAckSize];
        return bytes[..PacketEncoder.Write(new AckPacket(PacketType.PubAck, packetId, ReasonCode.Success), ProtocolVersion.Mqtt5, bytes)];
    }

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => stream.WriteAsync(bytes).AsTask().WaitAsync(TestServer.Limit);

    public async Task SubscribeAsync(string filter, QualityOfService qualityOfService)
    {
        await SendAsync(Subscribe(filter, qualityOfService));
        Assert.Equal(PacketType.SubAck, (await ReadAsync()).Header.Type);
    }

    /// <summary>The next packet.</summary>
    public async Task<(FrameHeader Header, byte[] Body)> ReadAsync()
        => await TryReadAsync() ?? throw new EndOfStreamException("The server has ended the connection.");

    /// <summary>The next packet; null when the server has ended the connection.</summary>
    public async Task<(FrameHeader Header, byte[] Body)?> TryReadAsync()
    {
        while (true)
        {
            if (PacketDecoder.TryReadHeader(_buffer.AsSpan(0, _length), uint.MaxValue, out var header) == FrameStatus.Complete && _length >= header.Length)
            {
                var body = _buffer.AsSpan(header.HeaderLength, header.BodyLength).ToArray();
                _buffer.AsSpan(header.Length, _length - header.Length).CopyTo(_buffer);
                _length -= header.Length;
                return (header, body);
            }

            if (_length == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var received = await stream.ReadAsync(_buffer.AsMemory(_length)).AsTask().WaitAsync(TestServer.Limit);
            if (received == 0)
            {
                Assert.Equal(0, _length);
                return null;
            }

            _length += received;
        }
    }

    /// <summary>The payload of the next packet, a PUBLISH, and its packet identifier.</summary>
    public async Task<(byte[] Payload, ushort PacketId)> ReadPublishAsync()
    {
        var (header, body) = await ReadAsync();
        Assert.Equal(PacketType.Publish, header.Type);
        Assert.True(PacketDecoder.TryDecodePublish(header.Flags, body, ProtocolVersion.Mqtt5, out var packet, out var error, fromServer: true), error.Message);
        return (packet.Payload.ToArray(), packet.PacketId);
    }

    /// <summary>The reason of the DISCONNECT that must come next, and the end behind it.</summary>
    public async Task<ReasonCode> ReadDisconnectAsync()
    {
        var (header, body) = await ReadAsync();
        Assert.Equal(PacketType.Disconnect, header.Type);
        Assert.True(PacketDecoder.TryDecodeDisconnect(header.Flags, body, ProtocolVersion.Mqtt5, out var packet, out var error, fromServer: true), error.Message);
        Assert.Null(await TryReadAsync());
        return packet!.Reason;
    }

    public void Dispose() => stream.Dispose();

    private static byte[] Encode(Action<IBufferWriter<byte>> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        write(bytes);
        return bytes.WrittenSpan.ToArray();
    }
}
