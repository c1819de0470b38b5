using static Holdfast.Mqtt.ReasonCode;
using static Holdfast.Mqtt.Tests.PacketBytes;

namespace Holdfast.Mqtt.Tests;

public sealed class PublishDecodingTests
{
    private const ProtocolVersion Old = ProtocolVersion.Mqtt311;

    public static IEnumerable<TheoryDataRow<Refusal>> Malformed => Refusal.Rows(
        new("QoS 3", Packet(0x36, Text("a"), Raw(0, 1, 0)), MalformedPacket, "MQTT-3.3.1-4"),
        new("QoS 3", Packet(0x36, Text("a"), Raw(0, 1)), MalformedPacket, "MQTT-3.3.1-4", Old),
        new("DUP at QoS 0", Packet(0x38, Text("a"), Raw(0)), MalformedPacket, "MQTT-3.3.1-2"),
        new("DUP at QoS 0", Packet(0x38, Text("a")), MalformedPacket, "MQTT-3.3.1-2", Old),
        new("# in the topic", Packet(0x30, Text("a/#"), Raw(0)), TopicNameInvalid, "MQTT-3.3.2-2"),
        new("+ in the topic", Packet(0x30, Text("a/+/b"), Raw(0)), TopicNameInvalid, "MQTT-3.3.2-2"),
        new("+ in the topic", Packet(0x30, Text("+")), TopicNameInvalid, "MQTT-3.3.2-2", Old),
        new("a surrogate in the topic", Packet(0x30, Binary(0x61, 0xED, 0xA0, 0x80), Raw(0)), MalformedPacket, "MQTT-1.5.4-1"),
        new("an overlong form in the topic", Packet(0x30, Binary(0xC0, 0xAF), Raw(0)), MalformedPacket, "MQTT-1.5.4-1"),
        new("above U+10FFFF in the topic", Packet(0x30, Binary(0xF4, 0x90, 0x80, 0x80)), MalformedPacket, "MQTT-1.5.4-1", Old),
        new("half a character in the topic", Packet(0x30, Binary(0x61, 0xE2, 0x82), Raw(0)), MalformedPacket, "MQTT-1.5.4-1"),
        new("a lone continuation byte in the topic", Packet(0x30, Binary(0x80), Raw(0)), MalformedPacket, "MQTT-1.5.4-1"),
        new("ill-formed, and a wildcard", Packet(0x30, Binary(0x2B, 0xFF), Raw(0)), MalformedPacket, "MQTT-1.5.4-1"),
        new("U+0000 in the topic", Packet(0x30, Text("a\0b"), Raw(0)), MalformedPacket, "MQTT-1.5.4-2"),
        new("U+0000 in the topic", Packet(0x30, Text("a\0b")), MalformedPacket, "MQTT-1.5.4-2", Old),
        new("packet identifier 0", Packet(0x32, Text("a"), Raw(0, 0, 0)), ProtocolError, "MQTT-2.2.1-3"),
        new("packet identifier 0", Packet(0x34, Text("a"), Raw(0, 0)), ProtocolError, "MQTT-2.2.1-3", Old),
        new("empty topic without alias", Packet(0x30, Text(""), Raw(0)), ProtocolError, "MQTT-4.7.3-1"),
        new("empty topic without alias, other properties", Packet(0x30, Text(""), Properties(Raw(1, 1))), ProtocolError, "MQTT-4.7.3-1"),
        new("empty topic", Packet(0x30, Text(""), Raw(0x23, 0, 1)), ProtocolError, "MQTT-4.7.3-1", Old),
        new("no body", Packet(0x30), MalformedPacket, ""),
        new("half a topic length", Packet(0x30, Raw(0)), MalformedPacket, ""),
        new("topic longer than the packet", Packet(0x30, Raw(0, 9, 0x61)), MalformedPacket, ""),
        new("half a packet identifier", Packet(0x32, Text("a"), Raw(1)), MalformedPacket, "", Old),
        new("no properties", Packet(0x30, Text("a")), MalformedPacket, ""),
        new("properties longer than the packet", Packet(0x30, Text("a"), Raw(5, 1, 1)), MalformedPacket, ""),
        new("property length not minimal", Packet(0x30, Text("a"), Raw(0x80, 0)), MalformedPacket, "MQTT-1.5.5-1"),
        new("property length of five bytes", Packet(0x30, Text("a"), Raw(0x80, 0x80, 0x80, 0x80, 1)), MalformedPacket, "MQTT-1.5.5-1"),
        new("alias 0", WithProperties(Raw(0x23, 0, 0)), TopicAliasInvalid, "MQTT-3.3.2-8"),
        new("alias twice", WithProperties(Raw(0x23, 0, 1), Raw(0x23, 0, 1)), ProtocolError, ""),
        new("expiry twice", WithProperties(Raw(2, 0, 0, 0, 1), Raw(2, 0, 0, 0, 1)), ProtocolError, ""),
        new("payload format indicator twice", WithProperties(Raw(1, 0), Raw(1, 0)), ProtocolError, ""),
        new("payload format indicator 2", WithProperties(Raw(1, 2)), ProtocolError, ""),
        new("content type twice", WithProperties(Raw(3), Text("t"), Raw(3), Text("t")), ProtocolError, ""),
        new("content type ill-formed", WithProperties(Raw(3), Binary(0xFF)), MalformedPacket, "MQTT-1.5.4-1"),
        new("content type with U+0000", WithProperties(Raw(3), Text("\0")), MalformedPacket, "MQTT-1.5.4-2"),
        new("response topic with a wildcard", WithProperties(Raw(8), Text("a/#")), TopicNameInvalid, "MQTT-3.3.2-14"),
        new("response topic empty", WithProperties(Raw(8), Text("")), ProtocolError, "MQTT-4.7.3-1"),
        new("response topic ill-formed", WithProperties(Raw(8), Binary(0xC1, 0x80)), MalformedPacket, "MQTT-1.5.4-1"),
        new("response topic twice", WithProperties(Raw(8), Text("a"), Raw(8), Text("a")), ProtocolError, ""),
        new("correlation data twice", WithProperties(Raw(9), Binary(1), Raw(9), Binary(1)), ProtocolError, ""),
        new("user property name ill-formed", WithProperties(Raw(38), Binary(0xFE), Text("v")), MalformedPacket, "MQTT-1.5.4-1"),
        new("user property value with U+0000", WithProperties(Raw(38), Text("n"), Text("\0")), MalformedPacket, "MQTT-1.5.4-2"),
        new("user property without value", WithProperties(Raw(38), Text("n")), MalformedPacket, ""),
        new("subscription identifier from a client", WithProperties(Raw(11, 1)), ProtocolError, "MQTT-3.3.4-6"),
        new("subscription identifier 0 from a server", WithProperties(Raw(11, 0)), ProtocolError, "", FromServer: true),
        new("subscription identifier not minimal", WithProperties(Raw(11, 0x81, 0)), MalformedPacket, "MQTT-1.5.5-1", FromServer: true),
        new("a property of another packet", WithProperties(Raw(33, 0, 1)), MalformedPacket, ""),
        new("a property that does not exist", WithProperties(Raw(127, 1)), MalformedPacket, ""),
        new("a property identifier of two bytes", WithProperties(Raw(0x81, 1, 1)), MalformedPacket, ""),
        new("a property cut short", WithProperties(Raw(2, 0, 0)), MalformedPacket, ""));

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Refuses(Refusal refusal) => refusal.Verify();

    [Fact]
    public void Decodes_a_publish_of_3_1_1()
    {
        var bytes = Packet(0x3B, Text("a/b"), Raw(0, 10), "payload"u8.ToArray());

        Assert.Equal(FrameStatus.Complete, PacketDecoder.TryReadHeader(bytes, 1000, out var header));
        Assert.True(PacketDecoder.TryDecodePublish(header.Flags, bytes.AsSpan(header.HeaderLength), Old, out var packet, out _));

        Assert.Equal("a/b"u8, packet.Topic);
        Assert.Equal("payload"u8, packet.Payload);
        Assert.Equal(QualityOfService.AtLeastOnce, packet.QualityOfService);
        Assert.Equal(10, packet.PacketId);
        Assert.True(packet.Duplicate);
        Assert.True(packet.Retain);
        Assert.True(packet.Properties.IsEmpty);
        Assert.Null(packet.MessageExpirySeconds);
    }

    [Fact]
    public void Forwardable_properties_alone_need_no_filtering()
    {
        var properties = Properties(Raw(1, 1), Raw(3), Text("text/plain"), Raw(8), Text("reply"), Raw(9), Binary(0, 255), Raw(38), Text("n"), Text("v"));
        byte[] body = [.. Text("a"), .. properties, 42];

        Assert.True(PacketDecoder.TryDecodePublish(0, body, ProtocolVersion.Mqtt5, out var packet, out _));

        Assert.False(packet.PropertiesNeedFiltering);
        Assert.Equal(properties.AsSpan(1), packet.Properties);
        Assert.Equal(new byte[] { 42 }, packet.Payload);
    }

    [Fact]
    public void Expiry_alias_and_subscription_identifiers_are_filtered_and_the_order_of_the_rest_is_kept()
    {
        byte[] first = [38, .. Text("b"), .. Text("1")];
        byte[] second = [38, .. Text("a"), .. Text("2")];
        byte[] body = [.. Text(""), .. Properties(first, Raw(2, 0, 0, 1, 0), Raw(11, 7), Raw(0x23, 1, 2), second, Raw(11, 0x80, 1))];

        Assert.True(PacketDecoder.TryDecodePublish(0, body, ProtocolVersion.Mqtt5, out var packet, out _, fromServer: true));

        Assert.True(packet.PropertiesNeedFiltering);
        Assert.Equal(256u, packet.MessageExpirySeconds);
        Assert.Equal(0x102, packet.TopicAlias);
        Assert.Equal([7u, 128u], PropertyFilter.GetSubscriptionIdentifiers(packet.Properties));
        var forwardable = new byte[packet.Properties.Length];
        var length = PropertyFilter.CopyForwardable(packet.Properties, forwardable);
        Assert.Equal([.. first, .. second], forwardable[..length]);
    }

    [Fact]
    public void A_payload_that_is_declared_text_is_not_verified()
        => Assert.NotNull(Decoding.Decode(Packet(0x30, Text("a"), Properties(Raw(1, 1)), Raw(0xFF)), ProtocolVersion.Mqtt5, false, out _));

    [Fact]
    public void The_byte_order_mark_and_noncharacters_are_text()
        => Assert.NotNull(Decoding.Decode(Packet(0x30, Text("\uFEFFa\uFFFE\u0001"), Raw(0)), ProtocolVersion.Mqtt5, false, out _));

    private static byte[] WithProperties(params byte[][] properties) => Packet(0x30, Text("a"), Properties(properties), Raw(1, 2, 3));
}
