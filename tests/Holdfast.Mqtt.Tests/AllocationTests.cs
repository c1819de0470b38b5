using Holdfast.Mqtt.Packets;

namespace Holdfast.Mqtt.Tests;

/// <summary>The paths that run for every message allocate nothing.</summary>
public sealed class AllocationTests
{
    private const int Warmup = 200;
    private const int Measured = 1_000;

    private static readonly byte[] Properties =
        PacketBytes.Properties(
            [1, 1],
            [2, 0, 0, 0, 60],
            [3, .. PacketBytes.Text("application/json")],
            [0x23, 0, 1],
            [38, .. PacketBytes.Text("hf-stream"), .. PacketBytes.Text("a1b2c3")],
            [38, .. PacketBytes.Text("hf-seq"), .. PacketBytes.Text("42")]);

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public void Reading_a_publish_allocates_nothing(ProtocolVersion version)
    {
        byte[] packet = PacketBytes.Packet(
            0x32, PacketBytes.Text("devices/pump-1/events/pressure"), [0, 1], version == ProtocolVersion.Mqtt5 ? Properties : [], new byte[100]);

        AssertNothingAllocated(() =>
        {
            var complete = PacketDecoder.TryReadHeader(packet, uint.MaxValue, out var header) == FrameStatus.Complete;
            return complete && PacketDecoder.TryDecodePublish(header.Flags, packet.AsSpan(header.HeaderLength), version, out var publish, out _)
                && publish.PacketId == 1;
        });
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public void Writing_a_publish_allocates_nothing(ProtocolVersion version)
    {
        var topic = "devices/pump-1/events/pressure"u8.ToArray();
        var payload = new byte[100];
        var properties = new byte[] { 1, 1 };
        uint[] identifiers = [1, 300];
        var destination = new byte[1_000];

        AssertNothingAllocated(() =>
        {
            var publish = new PublishPacket
            {
                Topic = topic,
                Payload = payload,
                Properties = properties,
                MessageExpirySeconds = 60,
                SubscriptionIdentifiers = identifiers,
                PacketId = 7,
                QualityOfService = QualityOfService.AtLeastOnce,
            };
            return PacketEncoder.Write(publish, version, destination) == PacketEncoder.Measure(publish, version);
        });
    }

    [Theory]
    [InlineData(PacketType.PubAck, ReasonCode.Success)]
    [InlineData(PacketType.PubRec, ReasonCode.QuotaExceeded)]
    [InlineData(PacketType.PubRel, ReasonCode.PacketIdentifierNotFound)]
    [InlineData(PacketType.PubComp, ReasonCode.Success)]
    public void Acknowledgements_allocate_nothing(PacketType type, ReasonCode reason)
    {
        var destination = new byte[PacketEncoder.MaximumAckSize];

        AssertNothingAllocated(() =>
        {
            var length = PacketEncoder.Write(new AckPacket(type, 9, reason), ProtocolVersion.Mqtt5, destination);
            return PacketDecoder.TryDecodeAck(
                    type, (byte)(destination[0] & 0x0F), destination.AsSpan(2, length - 2), ProtocolVersion.Mqtt5, out var ack, out _)
                && ack.Reason == reason;
        });
    }

    [Fact]
    public void Filtering_properties_allocates_nothing()
    {
        var encoded = Properties[1..];
        var destination = new byte[encoded.Length];

        AssertNothingAllocated(() => PropertyFilter.CopyForwardable(encoded, destination) == encoded.Length - 8
            && PropertyFilter.TryGetUserProperty(encoded, "hf-seq"u8, out var value) && value.SequenceEqual("42"u8)
            && PropertyFilter.TryGetBytes(encoded, 3, out _));
    }

    private static void AssertNothingAllocated(Func<bool> operation)
    {
        var succeeded = true;
        for (var i = 0; i < Warmup; i++)
        {
            succeeded &= operation();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Measured; i++)
        {
            succeeded &= operation();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(succeeded);
    }
}
