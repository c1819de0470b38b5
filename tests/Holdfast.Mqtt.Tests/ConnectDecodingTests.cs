using static Holdfast.Mqtt.ReasonCode;
using static Holdfast.Mqtt.Tests.PacketBytes;

namespace Holdfast.Mqtt.Tests;

public sealed class ConnectDecodingTests
{
    private const ProtocolVersion Old = ProtocolVersion.Mqtt311;

    public static IEnumerable<TheoryDataRow<Refusal>> Malformed => Refusal.Rows(
        new("fixed header flags", Packet(0x11, Header(5, 2), Raw(0), Text("c")), MalformedPacket, "MQTT-2.1.3-1"),
        new("protocol name of 3.1", Packet(0x10, Text("MQIsdp"), Raw(3, 2, 0, 60), Text("c")), UnsupportedProtocolVersion, "MQTT-3.1.2-1"),
        new("protocol name in lower case", Packet(0x10, Text("mqtt"), Raw(5, 2, 0, 60, 0), Text("c")), UnsupportedProtocolVersion, "MQTT-3.1.2-1"),
        new("empty protocol name", Packet(0x10, Text(""), Raw(5, 2, 0, 60, 0), Text("c")), UnsupportedProtocolVersion, "MQTT-3.1.2-1"),
        new("level 3", Packet(0x10, Header(3, 2), Text("c")), UnsupportedProtocolVersion, "MQTT-3.1.2-2"),
        new("level 6", Packet(0x10, Header(6, 2), Raw(0), Text("c")), UnsupportedProtocolVersion, "MQTT-3.1.2-2"),
        new("no body", Packet(0x10), MalformedPacket, ""),
        new("no level", Packet(0x10, Text("MQTT")), MalformedPacket, ""),
        new("reserved flag", Packet(0x10, Header(5, 3), Raw(0), Text("c")), MalformedPacket, "MQTT-3.1.2-3"),
        new("reserved flag", Packet(0x10, Header(4, 3), Text("c")), MalformedPacket, "MQTT-3.1.2-3", Old),
        new("will QoS without will", Packet(0x10, Header(5, 0x0A), Raw(0), Text("c")), MalformedPacket, "MQTT-3.1.2-11"),
        new("will QoS without will", Packet(0x10, Header(4, 0x12), Text("c")), MalformedPacket, "MQTT-3.1.2-11", Old),
        new("will QoS 3", Packet(0x10, Header(5, 0x1E), Raw(0), Text("c"), Raw(0), Text("w"), Text("")), MalformedPacket, "MQTT-3.1.2-12"),
        new("will retain without will", Packet(0x10, Header(5, 0x22), Raw(0), Text("c")), MalformedPacket, "MQTT-3.1.2-13"),
        new("password without user name", Packet(0x10, Header(4, 0x42), Text("c"), Binary(1)), MalformedPacket, "3.1.1 MQTT-3.1.2-22", Old),
        new("no client identifier and a session", Packet(0x10, Header(4, 0), Text("")), ClientIdentifierNotValid, "3.1.1 MQTT-3.1.3-7", Old),
        new("client identifier ill-formed", Packet(0x10, Header(5, 2), Raw(0), Binary(0xED, 0xBF, 0xBF)), MalformedPacket, "MQTT-1.5.4-1"),
        new("client identifier with U+0000", Packet(0x10, Header(4, 2), Text("c\0")), MalformedPacket, "MQTT-1.5.4-2", Old),
        new("no client identifier field", Packet(0x10, Header(5, 2), Raw(0)), MalformedPacket, ""),
        new("user name missing", Packet(0x10, Header(5, 0x82), Raw(0), Text("c")), MalformedPacket, ""),
        new("user name ill-formed", Packet(0x10, Header(4, 0x82), Text("c"), Binary(0xF8)), MalformedPacket, "MQTT-1.5.4-1", Old),
        new("password missing", Packet(0x10, Header(5, 0xC2), Raw(0), Text("c"), Text("u")), MalformedPacket, ""),
        new("trailing bytes", Packet(0x10, Header(5, 2), Raw(0), Text("c"), Raw(0)), MalformedPacket, ""),
        new("a user name without its flag", Packet(0x10, Header(4, 2), Text("c"), Text("u")), MalformedPacket, "", Old),
        new("receive maximum 0", WithProperties(Raw(33, 0, 0)), ProtocolError, ""),
        new("receive maximum twice", WithProperties(Raw(33, 0, 1), Raw(33, 0, 1)), ProtocolError, ""),
        new("maximum packet size 0", WithProperties(Raw(39, 0, 0, 0, 0)), ProtocolError, ""),
        new("maximum packet size twice", WithProperties(Raw(39, 0, 0, 1, 0), Raw(39, 0, 0, 1, 0)), ProtocolError, ""),
        new("session expiry twice", WithProperties(Raw(17, 0, 0, 0, 1), Raw(17, 0, 0, 0, 1)), ProtocolError, ""),
        new("topic alias maximum twice", WithProperties(Raw(34, 0, 1), Raw(34, 0, 1)), ProtocolError, ""),
        new("request problem information 2", WithProperties(Raw(23, 2)), ProtocolError, ""),
        new("request problem information twice", WithProperties(Raw(23, 1), Raw(23, 1)), ProtocolError, ""),
        new("request response information 255", WithProperties(Raw(25, 255)), ProtocolError, ""),
        new("authentication data without method", WithProperties(Raw(22), Binary(1)), ProtocolError, ""),
        new("authentication method twice", WithProperties(Raw(21), Text("m"), Raw(21), Text("m")), ProtocolError, ""),
        new("authentication method ill-formed", WithProperties(Raw(21), Binary(0xFF)), MalformedPacket, "MQTT-1.5.4-1"),
        new("a will's property", WithProperties(Raw(24, 0, 0, 0, 1)), MalformedPacket, ""),
        new("a server's property", WithProperties(Raw(19, 0, 1)), MalformedPacket, ""),
        new("properties cut short", Packet(0x10, Header(5, 2), Raw(3, 33, 0)), MalformedPacket, ""),
        new("will topic with a wildcard", WithWill(Raw(0), Text("a/#"), Text("")), TopicNameInvalid, "MQTT-3.3.2-2"),
        new("will topic empty", WithWill(Raw(0), Text(""), Text("")), ProtocolError, "MQTT-4.7.3-1"),
        new("will topic ill-formed", WithWill(Raw(0), Binary(0xC0, 0x80), Text("")), MalformedPacket, "MQTT-1.5.4-1"),
        new("will payload missing", WithWill(Raw(0), Text("w")), MalformedPacket, ""),
        new("will delay twice", WithWill(Properties(Raw(24, 0, 0, 0, 1), Raw(24, 0, 0, 0, 1)), Text("w"), Text("")), ProtocolError, ""),
        new("will with a topic alias", WithWill(Properties(Raw(35, 0, 1)), Text("w"), Text("")), MalformedPacket, ""),
        new("will format indicator 9", WithWill(Properties(Raw(1, 9)), Text("w"), Text("")), ProtocolError, ""),
        new("will response topic with a wildcard", WithWill(Properties(Raw(8), Text("+")), Text("w"), Text("")), TopicNameInvalid, "MQTT-3.3.2-14"));

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Refuses(Refusal refusal) => refusal.Verify();

    [Theory]
    [InlineData(0x02, 0u)]
    [InlineData(0x00, uint.MaxValue)]
    public void A_session_of_3_1_1_lasts_for_ever_unless_it_is_clean(byte flags, uint expected)
    {
        byte[] body = [.. Header(4, flags), .. Text("c")];

        Assert.True(PacketDecoder.TryDecodeConnect(0, body, out var packet, out _));

        Assert.Equal(Old, packet!.Version);
        Assert.Equal(expected, packet.SessionExpirySeconds);
    }

    [Fact]
    public void Decodes_everything_that_a_connect_of_5_can_hold()
    {
        byte[] body =
        [
            .. Header(5, 0xF6),
            .. Properties(
                Raw(17, 0, 0, 0, 9), Raw(33, 0, 8), Raw(39, 0, 0, 1, 0), Raw(34, 0, 7), Raw(25, 1), Raw(23, 0), Raw(38), Text("n"), Text("v"),
                Raw(21), Text("method"), Raw(22), Binary(1, 2)),
            .. Text("client"),
            .. Properties(Raw(24, 0, 0, 0, 5), Raw(1, 1), Raw(2, 0, 0, 0, 6), Raw(38), Text("wn"), Text("wv")),
            .. Text("will/topic"),
            .. Binary(9, 9),
            .. Text("user"),
            .. Binary(7),
        ];

        Assert.True(PacketDecoder.TryDecodeConnect(0, body, out var packet, out _));

        Assert.Equal(ProtocolVersion.Mqtt5, packet!.Version);
        Assert.Equal("client", packet.ClientId);
        Assert.True(packet.CleanStart);
        Assert.Equal(60, packet.KeepAliveSeconds);
        Assert.Equal(9u, packet.SessionExpirySeconds);
        Assert.Equal(8, packet.ReceiveMaximum);
        Assert.Equal(256u, packet.MaximumPacketSize);
        Assert.Equal(7, packet.TopicAliasMaximum);
        Assert.True(packet.RequestResponseInformation);
        Assert.False(packet.RequestProblemInformation);
        Assert.Equal([new Packets.UserProperty("n", "v")], packet.UserProperties);
        Assert.Equal("method", packet.AuthenticationMethod);
        Assert.Equal([1, 2], packet.AuthenticationData!.Value.ToArray());
        Assert.Equal("user", packet.UserName);
        Assert.Equal([7], packet.Password!.Value.ToArray());
        var will = packet.Will!;
        Assert.Equal("will/topic", will.Topic);
        Assert.Equal([9, 9], will.Payload.ToArray());
        Assert.Equal(QualityOfService.ExactlyOnce, will.QualityOfService);
        Assert.True(will.Retain);
        Assert.Equal(5u, will.DelaySeconds);
        Assert.Equal(6u, will.MessageExpirySeconds);
        Assert.Equal([1, 1, 38, .. Text("wn"), .. Text("wv")], will.Properties.ToArray());
    }

    [Fact]
    public void What_a_connect_of_5_leaves_out_has_the_standards_defaults()
    {
        byte[] body = [.. Header(5, 0), 0, .. Text("")];

        Assert.True(PacketDecoder.TryDecodeConnect(0, body, out var packet, out _));

        Assert.Equal(0u, packet!.SessionExpirySeconds);
        Assert.Equal(65535, packet.ReceiveMaximum);
        Assert.Equal(uint.MaxValue, packet.MaximumPacketSize);
        Assert.Equal(0, packet.TopicAliasMaximum);
        Assert.False(packet.RequestResponseInformation);
        Assert.True(packet.RequestProblemInformation);
        Assert.Null(packet.UserName);
        Assert.Null(packet.Password);
        Assert.Null(packet.Will);
    }

    [Fact]
    public void A_client_of_5_may_send_a_password_without_user_name()
    {
        byte[] body = [.. Header(5, 0x42), 0, .. Text("c"), .. Binary(1, 2, 3)];

        Assert.True(PacketDecoder.TryDecodeConnect(0, body, out var packet, out _));

        Assert.Null(packet!.UserName);
        Assert.Equal([1, 2, 3], packet.Password!.Value.ToArray());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(255)]
    public void The_level_is_readable_although_the_connect_is_refused(byte level)
        => Assert.Equal(level, PacketDecoder.ReadProtocolLevel([.. Header(level, 0xFF), 1, 2]));

    [Fact]
    public void There_is_no_level_without_the_protocol_name()
    {
        Assert.Equal(0, PacketDecoder.ReadProtocolLevel(Text("MQTT")));
        Assert.Equal(0, PacketDecoder.ReadProtocolLevel([.. Text("MQIsdp"), 3]));
        Assert.Equal(0, PacketDecoder.ReadProtocolLevel([]));
    }

    private static byte[] Header(byte level, byte flags) => [.. Text("MQTT"), level, flags, 0, 60];

    private static byte[] WithProperties(params byte[][] properties) => Packet(0x10, Header(5, 2), Properties(properties), Text("c"));

    private static byte[] WithWill(params byte[][] will) => Packet(0x10, [Header(5, 6), Raw(0), Text("c"), .. will]);
}
