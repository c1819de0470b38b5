using System.Buffers;
using Holdfast.Mqtt.Packets;
using static Holdfast.Mqtt.Tests.PacketBytes;

namespace Holdfast.Mqtt.Tests;

public sealed class EncodingTests
{
    private const ProtocolVersion Old = ProtocolVersion.Mqtt311;
    private const ProtocolVersion New = ProtocolVersion.Mqtt5;

    [Fact]
    public void A_publish_of_5_lies_on_the_wire_as_the_standard_says()
    {
        var packet = new PublishPacket
        {
            Topic = "a/b"u8,
            Payload = "hi"u8,
            Properties = [1, 1],
            MessageExpirySeconds = 10,
            TopicAlias = 258,
            SubscriptionIdentifiers = [1, 128],
            QualityOfService = QualityOfService.ExactlyOnce,
            PacketId = 7,
            Duplicate = true,
            Retain = true,
        };

        Assert.Equal(
            Packet(0x3D, Text("a/b"), Raw(0, 7), Properties(Raw(2, 0, 0, 0, 10), Raw(35, 1, 2), Raw(11, 1), Raw(11, 0x80, 1), Raw(1, 1)), Raw(0x68, 0x69)),
            Written(packet, New));
        Assert.Equal(Packet(0x3D, Text("a/b"), Raw(0, 7), Raw(0x68, 0x69)), Written(packet, Old));
    }

    [Fact]
    public void Acknowledgements_are_written_in_their_shortest_form()
    {
        var destination = new byte[PacketEncoder.MaximumAckSize];

        Assert.Equal(4, PacketEncoder.Write(new AckPacket(PacketType.PubRel, 258, ReasonCode.Success), New, destination));
        Assert.Equal([0x62, 2, 1, 2], destination[..4]);
        Assert.Equal(5, PacketEncoder.Write(new AckPacket(PacketType.PubAck, 1, ReasonCode.QuotaExceeded), New, destination));
        Assert.Equal([0x40, 3, 0, 1, 0x97], destination[..5]);
        Assert.Equal(4, PacketEncoder.Write(new AckPacket(PacketType.PubAck, 1, ReasonCode.QuotaExceeded), Old, destination));
        Assert.Equal([0x40, 2, 0, 1], destination[..4]);
    }

    [Theory]
    [InlineData(ReasonCode.Success, "20020000")]
    [InlineData(ReasonCode.UnsupportedProtocolVersion, "20020001")]
    [InlineData(ReasonCode.ClientIdentifierNotValid, "20020002")]
    [InlineData(ReasonCode.ServerUnavailable, "20020003")]
    [InlineData(ReasonCode.UseAnotherServer, "20020003")]
    [InlineData(ReasonCode.ServerBusy, "20020003")]
    [InlineData(ReasonCode.BadUserNameOrPassword, "20020004")]
    [InlineData(ReasonCode.NotAuthorized, "20020005")]
    [InlineData(ReasonCode.Banned, "20020005")]
    [InlineData(ReasonCode.MalformedPacket, "")]
    [InlineData(ReasonCode.ProtocolError, "")]
    public void A_reason_code_becomes_a_return_code_of_3_1_1(ReasonCode reason, string hex)
        => Assert.Equal(hex, Convert.ToHexString(Written(destination => PacketEncoder.Write(new ConnAckPacket { Reason = reason }, Old, destination))));

    [Fact]
    public void A_refused_subscription_is_0x80_in_3_1_1_and_an_unsuback_has_no_reasons()
    {
        var subAck = new SubscriptionAckPacket { Type = PacketType.SubAck, PacketId = 1, Reasons = [ReasonCode.GrantedQos2, ReasonCode.NotAuthorized] };
        var unsubAck = subAck with { Type = PacketType.UnsubAck };

        Assert.Equal("900400010280", Convert.ToHexString(Written(destination => PacketEncoder.Write(subAck, Old, destination))));
        Assert.Equal("B0020001", Convert.ToHexString(Written(destination => PacketEncoder.Write(unsubAck, Old, destination))));
    }

    [Theory]
    [InlineData(ReasonCode.Success, Old, "E000")]
    [InlineData(ReasonCode.ServerShuttingDown, Old, "")]
    [InlineData(ReasonCode.DisconnectWithWill, Old, "")]
    [InlineData(ReasonCode.Success, New, "E000")]
    [InlineData(ReasonCode.ServerShuttingDown, New, "E0028B00")]
    public void A_disconnect_has_no_reason_in_3_1_1(ReasonCode reason, ProtocolVersion version, string hex)
        => Assert.Equal(hex, Convert.ToHexString(Written(destination => PacketEncoder.Write(new DisconnectPacket { Reason = reason }, version, destination))));

    [Fact]
    public void A_maximum_qos_of_2_is_said_by_leaving_it_out()
        => Assert.Equal(
            "2003000000",
            Convert.ToHexString(Written(destination => PacketEncoder.Write(
                new ConnAckPacket { Reason = ReasonCode.Success, MaximumQualityOfService = QualityOfService.ExactlyOnce }, New, destination))));

    [Fact]
    public void A_packet_that_outgrows_the_buffer_is_whole()
    {
        var text = new string('x', 65_535);
        var packet = new UnsubscribePacket { PacketId = 1, Filters = [text, text] };

        Assert.Equal(Packet(0xA2, Raw(0, 1, 0), Text(text), Text(text)), Written(destination => PacketEncoder.Write(packet, New, destination)));
    }

    [Fact]
    public void A_publish_that_cannot_exist_is_not_written()
    {
        AssertRefused(new PublishPacket { Payload = [1] }, New);
        AssertRefused(new PublishPacket { TopicAlias = 1 }, Old);
        AssertRefused(new PublishPacket { Topic = "a"u8, QualityOfService = QualityOfService.AtLeastOnce }, New);
        AssertRefused(new PublishPacket { Topic = "a"u8, Duplicate = true }, New);
        AssertRefused(new PublishPacket { Topic = "a"u8, QualityOfService = (QualityOfService)3, PacketId = 1 }, New);
        AssertRefused(new PublishPacket { Topic = "a"u8, PropertiesNeedFiltering = true }, New);
        AssertRefused(new PublishPacket { Topic = new byte[65_536] }, Old);
        AssertRefused(new PublishPacket { Topic = "a"u8, SubscriptionIdentifiers = [0] }, New);
        AssertRefused(new PublishPacket { Topic = "a"u8, SubscriptionIdentifiers = [268_435_456] }, New);
    }

    [Fact]
    public void A_packet_that_cannot_exist_is_not_written()
    {
        var connect = new ConnectPacket { Version = New, ClientId = "c" };
        AssertRefused(destination => PacketEncoder.Write(connect with { ReceiveMaximum = 0 }, destination));
        AssertRefused(destination => PacketEncoder.Write(connect with { MaximumPacketSize = 0 }, destination));
        AssertRefused(destination => PacketEncoder.Write(connect with { ClientId = "\0" }, destination));
        AssertRefused(destination => PacketEncoder.Write(connect with { ClientId = "\uD800" }, destination));
        AssertRefused(destination => PacketEncoder.Write(connect with { UserName = new string('x', 65_536) }, destination));
        AssertRefused(destination => PacketEncoder.Write(connect with { AuthenticationData = new byte[1] }, destination));
        AssertRefused(destination => PacketEncoder.Write(connect with { Version = Old, Password = new byte[1] }, destination));
        AssertRefused(destination => PacketEncoder.Write(connect with { Version = Old, ClientId = "" }, destination));
        AssertRefused(destination => PacketEncoder.Write(connect with { Will = new Will { Topic = "", Payload = default } }, destination));
        AssertRefused(destination => PacketEncoder.Write(new SubscribePacket { PacketId = 1, Requests = [] }, New, destination));
        AssertRefused(destination => PacketEncoder.Write(new SubscribePacket { PacketId = 0, Requests = [new("a", default)] }, New, destination));
        AssertRefused(destination => PacketEncoder.Write(new SubscribePacket { PacketId = 1, Requests = [new("a", (QualityOfService)3)] }, New, destination));
        AssertRefused(destination => PacketEncoder.Write(new UnsubscribePacket { PacketId = 1, Filters = [] }, New, destination));
        AssertRefused(destination => PacketEncoder.Write(new ConnAckPacket { Reason = ReasonCode.NotAuthorized, SessionPresent = true }, New, destination));
        AssertRefused(destination => PacketEncoder.Write(new AuthPacket(), destination));
        AssertRefused(destination => PacketEncoder.WritePing(PacketType.PubAck, destination));
        Assert.ThrowsAny<ArgumentException>(() => PacketEncoder.Write(new AckPacket(PacketType.PubAck, 0, ReasonCode.Success), New, new byte[6]));
        Assert.ThrowsAny<ArgumentException>(() => PacketEncoder.Write(new AckPacket(PacketType.Publish, 1, ReasonCode.Success), New, new byte[6]));
    }

    private static byte[] Written(in PublishPacket packet, ProtocolVersion version)
    {
        var bytes = new byte[PacketEncoder.Measure(packet, version)];
        Assert.Equal(bytes.Length, PacketEncoder.Write(packet, version, bytes));
        return bytes;
    }

    private static byte[] Written(Action<ArrayBufferWriter<byte>> write)
    {
        var destination = new ArrayBufferWriter<byte>();
        write(destination);
        return destination.WrittenSpan.ToArray();
    }

    private static void AssertRefused(Action<ArrayBufferWriter<byte>> write)
    {
        var destination = new ArrayBufferWriter<byte>();
        Assert.ThrowsAny<ArgumentException>(() => write(destination));
        Assert.Equal(0, destination.WrittenCount);
    }

    private static void AssertRefused(in PublishPacket packet, ProtocolVersion version)
    {
        var refused = false;
        try
        {
            PacketEncoder.Write(packet, version, new byte[100]);
        }
        catch (ArgumentException exception)
        {
            refused = exception.ParamName == nameof(packet);
        }

        Assert.True(refused);
    }
}
