using System.Buffers;
using System.Text;
using Holdfast.Broker.Connections;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Harness;

/// <summary>A client: what a test sends goes to the connection as the transport would give it, and what comes back is decoded.</summary>
internal sealed class TestClient(BrokerNode node, ClientConnection connection, MemoryOutput output, ProtocolVersion version)
{
    private ushort _lastPacketId;
    private int _ended;

    public MemoryOutput Output => output;

    public ClientConnection Connection => connection;

    public ConnAckPacket ConnAck { get; private set; } = null!;

    public async Task<ConnAckPacket> ConnectAsync(ConnectPacket packet)
    {
        await SendAsync(Encode(bytes => PacketEncoder.Write(packet, bytes)));
        return ConnAck = (await TakeAsync(PacketType.ConnAck)).ConnAck!;
    }

    public Task<ReceivedPacket> SubscribeAsync(
        string filter, QualityOfService qualityOfService = QualityOfService.AtLeastOnce, uint identifier = 0, bool noLocal = false, bool retainAsPublished = false, byte retainHandling = 0)
        => SubscribeAsync(new SubscribePacket
        {
            PacketId = NextPacketId(),
            SubscriptionIdentifier = identifier,
            Requests = [new SubscriptionRequest(filter, qualityOfService, noLocal, retainAsPublished, retainHandling)],
        });

    public async Task<ReceivedPacket> SubscribeAsync(SubscribePacket packet)
    {
        await SendAsync(Encode(bytes => PacketEncoder.Write(packet, version, bytes)));
        return await output.TakeAsync(received => received.Type == PacketType.SubAck && received.PacketId == packet.PacketId, "SUBACK");
    }

    /// <summary>Sends SUBSCRIBE and waits until the server has dealt with it, but for no answer.</summary>
    public Task SendSubscribeAsync(string filter, QualityOfService qualityOfService = QualityOfService.AtLeastOnce)
    {
        var packet = new SubscribePacket { PacketId = NextPacketId(), Requests = [new SubscriptionRequest(filter, qualityOfService, false, false, 0)] };
        return SendAsync(Encode(bytes => PacketEncoder.Write(packet, version, bytes)));
    }

    public async Task UnsubscribeAsync(string filter)
    {
        var packet = new UnsubscribePacket { PacketId = NextPacketId(), Filters = [filter] };
        await SendAsync(Encode(bytes => PacketEncoder.Write(packet, version, bytes)));
        await TakeAsync(PacketType.UnsubAck);
    }

    /// <summary>Sends PUBLISH and returns its packet identifier; waits for nothing.</summary>
    public async Task<ushort> PublishAsync(
        string topic,
        string payload,
        QualityOfService qualityOfService = QualityOfService.AtLeastOnce,
        bool retain = false,
        ushort packetId = 0,
        bool duplicate = false,
        uint? expirySeconds = null,
        (string Stream, ulong Sequence)? sequence = null)
    {
        var id = qualityOfService == QualityOfService.AtMostOnce ? (ushort)0 : packetId != 0 ? packetId : NextPacketId();
        await SendAsync(EncodePublish(topic, payload, qualityOfService, retain, id, duplicate, expirySeconds, sequence));
        return id;
    }

    /// <summary>Publishes bytes and returns the packet identifier; waits for nothing.</summary>
    public async Task<ushort> PublishBytesAsync(string topic, byte[] payload, QualityOfService qualityOfService = QualityOfService.AtLeastOnce, uint? expirySeconds = null)
    {
        var packet = new PublishPacket
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            Payload = payload,
            QualityOfService = qualityOfService,
            PacketId = qualityOfService == QualityOfService.AtMostOnce ? (ushort)0 : NextPacketId(),
            MessageExpirySeconds = expirySeconds,
        };
        var bytes = new byte[PacketEncoder.Measure(packet, version)];
        PacketEncoder.Write(packet, version, bytes);
        var packetId = packet.PacketId;
        await SendAsync(bytes);
        return packetId;
    }

    /// <summary>Publishes and waits until it is stored.</summary>
    public async Task PublishAndWaitAsync(string topic, string payload, QualityOfService qualityOfService = QualityOfService.AtLeastOnce, bool retain = false)
    {
        var packetId = await PublishAsync(topic, payload, qualityOfService, retain);
        if (qualityOfService == QualityOfService.AtLeastOnce)
        {
            await AckFromServerAsync(PacketType.PubAck, packetId);
        }
        else if (qualityOfService == QualityOfService.ExactlyOnce)
        {
            await AckFromServerAsync(PacketType.PubRec, packetId);
            await SendAckAsync(PacketType.PubRel, packetId);
            await AckFromServerAsync(PacketType.PubComp, packetId);
        }
    }

    public Task SendAckAsync(PacketType type, ushort packetId, ReasonCode reason = ReasonCode.Success)
    {
        var bytes = new byte[PacketEncoder.MaximumAckSize];
        var length = PacketEncoder.Write(new AckPacket(type, packetId, reason), version, bytes);
        return SendAsync(bytes[..length]);
    }

    public Task<ReceivedPacket> AckFromServerAsync(PacketType type, ushort packetId)
        => output.TakeAsync(packet => packet.Type == type && packet.PacketId == packetId, $"{type} #{packetId}");

    /// <summary>The next packet, which must be a PUBLISH.</summary>
    public async Task<ReceivedPacket> MessageAsync()
    {
        var packet = await NextAsync();
        Assert.Equal(PacketType.Publish, packet.Type);
        return packet;
    }

    /// <summary>The next packet, which must be a PUBLISH with this payload; it is answered as its quality of service asks for.</summary>
    public async Task<ReceivedPacket> MessageAsync(string payload)
    {
        var packet = await MessageAsync();
        Assert.Equal(payload, packet.Payload);
        await AnswerAsync(packet);
        return packet;
    }

    /// <summary>Takes a message to its end.</summary>
    public async Task AnswerAsync(ReceivedPacket message)
    {
        switch (message.QualityOfService)
        {
            case QualityOfService.AtLeastOnce:
                await SendAckAsync(PacketType.PubAck, message.PacketId);
                break;
            case QualityOfService.ExactlyOnce:
                await SendAckAsync(PacketType.PubRec, message.PacketId);
                await AckFromServerAsync(PacketType.PubRel, message.PacketId);
                await SendAckAsync(PacketType.PubComp, message.PacketId);
                break;
        }
    }

    public Task<ReceivedPacket> NextAsync() => output.TakeAsync(static _ => true, "A packet");

    public Task<ReceivedPacket> TakeAsync(PacketType type) => output.TakeAsync(packet => packet.Type == type, type.ToString());

    /// <summary>Asserts that nothing has come, with a PINGREQ: what was written before its answer has come before it.</summary>
    public async Task AssertNothingCameAsync(PacketType? besides = null)
    {
        await PingAsync();
        Assert.DoesNotContain(output.Waiting(), packet => packet.Type != besides);
    }

    public async Task PingAsync()
    {
        await SendAsync([(byte)PacketType.PingReq << 4, 0]);
        await TakeAsync(PacketType.PingResp);
    }

    /// <summary>Sends DISCONNECT, and the connection ends.</summary>
    public async Task DisconnectAsync(ReasonCode reason = ReasonCode.Success, uint? expirySeconds = null)
    {
        var packet = new DisconnectPacket { Reason = reason, SessionExpirySeconds = expirySeconds };
        await SendAsync(Encode(bytes => PacketEncoder.Write(packet, version, bytes)));
        await LoseAsync();
    }

    /// <summary>The network connection ends.</summary>
    public async Task LoseAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            output.End();
            await node.EndAsync(connection).Within();
        }
    }

    /// <summary>The reason with which the server has closed the connection.</summary>
    public async Task<ReasonCode> DisconnectedByServerAsync()
    {
        var reason = (await TakeAsync(PacketType.Disconnect)).Reason;
        await output.Closed.Within();
        return reason;
    }

    public async Task<PacketOutcome> SendAsync(byte[] bytes)
    {
        while (true)
        {
            var outcome = Handle(bytes);
            await connection.EndOfReadAsync().AsTask().Within();
            switch (outcome)
            {
                case PacketOutcome.Busy:
                    await connection.WhenRoomAsync().Within();
                    break;
                case PacketOutcome.Wait:
                    await connection.PendingWork.Within();
                    return outcome;
                default:
                    return outcome;
            }
        }
    }

    /// <summary>Gives one packet to the connection, as it is.</summary>
    public PacketOutcome Handle(byte[] bytes)
    {
        Assert.Equal(FrameStatus.Complete, PacketDecoder.TryReadHeader(bytes, uint.MaxValue, out var header));
        return connection.Handle(header, bytes.AsSpan(header.HeaderLength, header.BodyLength));
    }

    public byte[] EncodePublish(
        string topic, string payload, QualityOfService qualityOfService, bool retain, ushort packetId, bool duplicate, uint? expirySeconds, (string Stream, ulong Sequence)? sequence)
    {
        var properties = new ArrayBufferWriter<byte>();
        if (sequence is { } known)
        {
            PropertyEncoder.Write(null, [new UserProperty("hf-stream", known.Stream), new UserProperty("hf-seq", known.Sequence.ToString())], properties);
        }

        var packet = new PublishPacket
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            Payload = Encoding.UTF8.GetBytes(payload),
            Properties = properties.WrittenSpan,
            QualityOfService = qualityOfService,
            Retain = retain,
            PacketId = packetId,
            Duplicate = duplicate,
            MessageExpirySeconds = expirySeconds,
        };
        var bytes = new byte[PacketEncoder.Measure(packet, version)];
        PacketEncoder.Write(packet, version, bytes);
        return bytes;
    }

    private static byte[] Encode(Action<IBufferWriter<byte>> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        write(bytes);
        return bytes.WrittenSpan.ToArray();
    }

    private ushort NextPacketId() => ++_lastPacketId;
}
