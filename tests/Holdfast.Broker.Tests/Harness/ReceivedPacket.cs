using System.Text;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Harness;

/// <summary>What a client has received.</summary>
internal sealed record ReceivedPacket(PacketType Type)
{
    public ushort PacketId { get; init; }

    public ReasonCode Reason { get; init; }

    public string Topic { get; init; } = "";

    public string Payload { get; init; } = "";

    public QualityOfService QualityOfService { get; init; }

    public bool Duplicate { get; init; }

    public bool Retain { get; init; }

    public uint? MessageExpirySeconds { get; init; }

    public IReadOnlyList<uint> Identifiers { get; init; } = [];

    public IReadOnlyList<ReasonCode> Reasons { get; init; } = [];

    public ushort TopicAlias { get; init; }

    public string? ContentType { get; init; }

    public string? ResponseTopic { get; init; }

    public string? CorrelationData { get; init; }

    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];

    public ConnAckPacket? ConnAck { get; init; }

    public DisconnectPacket? Disconnect { get; init; }

    public static ReceivedPacket Decode(in FrameHeader header, ReadOnlySpan<byte> body, ProtocolVersion version)
    {
        DecodeError error;
        switch (header.Type)
        {
            case PacketType.Publish:
                Assert.True(PacketDecoder.TryDecodePublish(header.Flags, body, version, out var publish, out error, fromServer: true), error.Message);
                return Decode(publish);
            case PacketType.ConnAck:
                Assert.True(PacketDecoder.TryDecodeConnAck(header.Flags, body, version, out var connAck, out error), error.Message);
                return new ReceivedPacket(header.Type) { Reason = connAck!.Reason, ConnAck = connAck };
            case PacketType.SubAck or PacketType.UnsubAck:
                Assert.True(PacketDecoder.TryDecodeSubscriptionAck(header.Type, header.Flags, body, version, out var subAck, out error), error.Message);
                return new ReceivedPacket(header.Type) { PacketId = subAck!.PacketId, Reasons = subAck.Reasons };
            case PacketType.Disconnect:
                Assert.True(PacketDecoder.TryDecodeDisconnect(header.Flags, body, version, out var disconnect, out error, fromServer: true), error.Message);
                return new ReceivedPacket(header.Type) { Reason = disconnect!.Reason, Disconnect = disconnect };
            case PacketType.PingResp:
                return new ReceivedPacket(header.Type);
            default:
                Assert.True(PacketDecoder.TryDecodeAck(header.Type, header.Flags, body, version, out var ack, out error), error.Message);
                return new ReceivedPacket(header.Type) { PacketId = ack.PacketId, Reason = ack.Reason };
        }
    }

    public override string ToString()
        => Type == PacketType.Publish
            ? $"Publish {Topic}={(Payload.Length > 30 ? Payload[..30] : Payload)} q{(int)QualityOfService} #{PacketId}{(Duplicate ? " dup" : "")}{(Retain ? " retain" : "")}"
            : $"{Type} #{PacketId} {Reason}";

    private static ReceivedPacket Decode(in PublishPacket packet) => new(PacketType.Publish)
    {
        PacketId = packet.PacketId,
        Topic = Encoding.UTF8.GetString(packet.Topic),
        TopicAlias = packet.TopicAlias,
        Payload = Encoding.UTF8.GetString(packet.Payload),
        QualityOfService = packet.QualityOfService,
        Duplicate = packet.Duplicate,
        Retain = packet.Retain,
        MessageExpirySeconds = packet.MessageExpirySeconds,
        ContentType = PropertyFilter.TryGetBytes(packet.Properties, 3, out var contentType) ? Encoding.UTF8.GetString(contentType) : null,
        ResponseTopic = PropertyFilter.TryGetBytes(packet.Properties, 8, out var responseTopic) ? Encoding.UTF8.GetString(responseTopic) : null,
        CorrelationData = PropertyFilter.TryGetBytes(packet.Properties, 9, out var correlation) ? Encoding.UTF8.GetString(correlation) : null,
        UserProperties = PropertyFilter.GetUserProperties(packet.Properties),
        Identifiers = PropertyFilter.GetSubscriptionIdentifiers(packet.Properties),
    };
}
