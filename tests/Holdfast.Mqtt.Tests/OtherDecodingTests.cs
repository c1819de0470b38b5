using static Holdfast.Mqtt.ReasonCode;
using static Holdfast.Mqtt.Tests.PacketBytes;

namespace Holdfast.Mqtt.Tests;

public sealed class OtherDecodingTests
{
    private const ProtocolVersion Old = ProtocolVersion.Mqtt311;

    public static IEnumerable<TheoryDataRow<Refusal>> Acks => Refusal.Rows(
        new("PUBREL flags 0", Packet(0x60, Raw(0, 1)), MalformedPacket, "MQTT-2.1.3-1"),
        new("PUBREL flags 0", Packet(0x60, Raw(0, 1)), MalformedPacket, "MQTT-2.1.3-1", Old),
        new("PUBACK flags 2", Packet(0x42, Raw(0, 1)), MalformedPacket, "MQTT-2.1.3-1"),
        new("PUBREC flags 1", Packet(0x51, Raw(0, 1)), MalformedPacket, "MQTT-2.1.3-1"),
        new("PUBCOMP flags 8", Packet(0x78, Raw(0, 1)), MalformedPacket, "MQTT-2.1.3-1"),
        new("PUBACK packet identifier 0", Packet(0x40, Raw(0, 0)), ProtocolError, "MQTT-2.2.1-3"),
        new("PUBREL packet identifier 0", Packet(0x62, Raw(0, 0)), ProtocolError, "MQTT-2.2.1-3", Old),
        new("PUBACK empty", Packet(0x40), MalformedPacket, ""),
        new("PUBACK of one byte", Packet(0x40, Raw(1)), MalformedPacket, "", Old),
        new("PUBACK with a reason", Packet(0x40, Raw(0, 1, 0)), MalformedPacket, "", Old),
        new("PUBACK with the reason of a PUBREL", Packet(0x40, Raw(0, 1, 0x92)), ProtocolError, "MQTT-3.4.2-1"),
        new("PUBREC with an unknown reason", Packet(0x50, Raw(0, 1, 0x7F)), ProtocolError, "MQTT-3.5.2-1"),
        new("PUBREL with the reason of a PUBACK", Packet(0x62, Raw(0, 1, 0x10)), ProtocolError, "MQTT-3.6.2-1"),
        new("PUBCOMP with the reason of a PUBACK", Packet(0x70, Raw(0, 1, 0x80)), ProtocolError, "MQTT-3.7.2-1"),
        new("reason string twice", Packet(0x40, Raw(0, 1, 0), Properties(Raw(31), Text("a"), Raw(31), Text("a"))), ProtocolError, ""),
        new("reason string ill-formed", Packet(0x40, Raw(0, 1, 0), Properties(Raw(31), Binary(0xFF))), MalformedPacket, "MQTT-1.5.4-1"),
        new("a property of another packet", Packet(0x70, Raw(0, 1, 0), Properties(Raw(35, 0, 1))), MalformedPacket, ""),
        new("trailing bytes", Packet(0x40, Raw(0, 1, 0, 0, 0)), MalformedPacket, ""),
        new("properties cut short", Packet(0x40, Raw(0, 1, 0, 4, 31, 0)), MalformedPacket, ""));

    public static IEnumerable<TheoryDataRow<Refusal>> Subscribes => Refusal.Rows(
        new("flags 0", Packet(0x80, Raw(0, 1, 0), Text("a"), Raw(0)), MalformedPacket, "MQTT-2.1.3-1"),
        new("flags 0", Packet(0x80, Raw(0, 1), Text("a"), Raw(0)), MalformedPacket, "MQTT-2.1.3-1", Old),
        new("packet identifier 0", Packet(0x82, Raw(0, 0, 0), Text("a"), Raw(0)), ProtocolError, "MQTT-2.2.1-3"),
        new("no filter", Packet(0x82, Raw(0, 1, 0)), ProtocolError, "MQTT-3.8.3-2"),
        new("no filter", Packet(0x82, Raw(0, 1)), ProtocolError, "MQTT-3.8.3-2", Old),
        new("filter ill-formed", Packet(0x82, Raw(0, 1, 0), Binary(0xE0, 0x80, 0x80), Raw(0)), MalformedPacket, "MQTT-1.5.4-1"),
        new("filter with U+0000", Packet(0x82, Raw(0, 1), Text("\0"), Raw(0)), MalformedPacket, "MQTT-1.5.4-2", Old),
        new("options missing", Packet(0x82, Raw(0, 1, 0), Text("a")), MalformedPacket, ""),
        new("second filter cut short", Packet(0x82, Raw(0, 1, 0), Text("a"), Raw(0, 0, 5, 0x61)), MalformedPacket, ""),
        new("reserved bits", Packet(0x82, Raw(0, 1, 0), Text("a"), Raw(0x40)), MalformedPacket, "MQTT-3.8.3-5"),
        new("reserved bits", Packet(0x82, Raw(0, 1, 0), Text("a"), Raw(0x80)), MalformedPacket, "MQTT-3.8.3-5"),
        new("No Local", Packet(0x82, Raw(0, 1), Text("a"), Raw(0x04)), MalformedPacket, "3.1.1 MQTT-3.8.3-4", Old),
        new("QoS 3", Packet(0x82, Raw(0, 1), Text("a"), Raw(3)), MalformedPacket, "3.1.1 MQTT-3.8.3-4", Old),
        new("QoS 3", Packet(0x82, Raw(0, 1, 0), Text("a"), Raw(3)), ProtocolError, ""),
        new("retain handling 3", Packet(0x82, Raw(0, 1, 0), Text("a"), Raw(0x30)), ProtocolError, ""),
        new("No Local, shared", Packet(0x82, Raw(0, 1, 0), Text("$share/g/a"), Raw(0x04)), ProtocolError, "MQTT-3.8.3-4"),
        new("subscription identifier 0", Packet(0x82, Raw(0, 1), Properties(Raw(11, 0)), Text("a"), Raw(0)), ProtocolError, ""),
        new("subscription identifier twice", Packet(0x82, Raw(0, 1), Properties(Raw(11, 1), Raw(11, 2)), Text("a"), Raw(0)), ProtocolError, ""),
        new("subscription identifier too long", Packet(0x82, Raw(0, 1), Properties(Raw(11, 255, 255, 255, 255, 1)), Text("a"), Raw(0)), MalformedPacket, "MQTT-1.5.5-1"),
        new("a property of another packet", Packet(0x82, Raw(0, 1), Properties(Raw(31), Text("r")), Text("a"), Raw(0)), MalformedPacket, ""),
        new("UNSUBSCRIBE flags 0", Packet(0xA0, Raw(0, 1, 0), Text("a")), MalformedPacket, "MQTT-2.1.3-1"),
        new("UNSUBSCRIBE packet identifier 0", Packet(0xA2, Raw(0, 0), Text("a")), ProtocolError, "MQTT-2.2.1-3", Old),
        new("UNSUBSCRIBE without filter", Packet(0xA2, Raw(0, 1, 0)), ProtocolError, "MQTT-3.10.3-2"),
        new("UNSUBSCRIBE without filter", Packet(0xA2, Raw(0, 1)), ProtocolError, "MQTT-3.10.3-2", Old),
        new("UNSUBSCRIBE filter ill-formed", Packet(0xA2, Raw(0, 1, 0), Binary(0xFF)), MalformedPacket, "MQTT-1.5.4-1"),
        new("UNSUBSCRIBE filter cut short", Packet(0xA2, Raw(0, 1, 0, 0, 2, 0x61)), MalformedPacket, ""),
        new("UNSUBSCRIBE with a subscription identifier", Packet(0xA2, Raw(0, 1), Properties(Raw(11, 1)), Text("a")), MalformedPacket, ""));

    public static IEnumerable<TheoryDataRow<Refusal>> Answers => Refusal.Rows(
        new("CONNACK flags", Packet(0x21, Raw(0, 0, 0)), MalformedPacket, "MQTT-2.1.3-1"),
        new("CONNACK reserved acknowledge flag", Packet(0x20, Raw(2, 0, 0)), MalformedPacket, "MQTT-3.2.2-1"),
        new("CONNACK refusal with a session", Packet(0x20, Raw(1, 0x87, 0)), ProtocolError, "MQTT-3.2.2-6"),
        new("CONNACK refusal with a session", Packet(0x20, Raw(1, 5)), ProtocolError, "MQTT-3.2.2-6", Old),
        new("CONNACK unknown reason", Packet(0x20, Raw(0, 1, 0)), ProtocolError, "MQTT-3.2.2-8"),
        new("CONNACK reserved return code", Packet(0x20, Raw(0, 6)), ProtocolError, "3.1.1 MQTT-3.2.2-6", Old),
        new("CONNACK cut short", Packet(0x20, Raw(0)), MalformedPacket, "", Old),
        new("CONNACK without properties", Packet(0x20, Raw(0, 0)), MalformedPacket, ""),
        new("CONNACK trailing bytes", Packet(0x20, Raw(0, 0, 0)), MalformedPacket, "", Old),
        new("CONNACK maximum QoS 2", Packet(0x20, Raw(0, 0), Properties(Raw(36, 2))), ProtocolError, ""),
        new("CONNACK receive maximum 0", Packet(0x20, Raw(0, 0), Properties(Raw(33, 0, 0))), ProtocolError, ""),
        new("CONNACK authentication data alone", Packet(0x20, Raw(0, 0), Properties(Raw(22), Binary(1))), ProtocolError, ""),
        new("CONNACK with a will's property", Packet(0x20, Raw(0, 0), Properties(Raw(24, 0, 0, 0, 1))), MalformedPacket, ""),
        new("SUBACK flags", Packet(0x91, Raw(0, 1, 0, 0)), MalformedPacket, "MQTT-2.1.3-1"),
        new("SUBACK packet identifier 0", Packet(0x90, Raw(0, 0, 0, 0)), ProtocolError, "MQTT-2.2.1-3"),
        new("SUBACK without reason", Packet(0x90, Raw(0, 1, 0)), ProtocolError, "MQTT-3.8.4-6"),
        new("SUBACK unknown reason", Packet(0x90, Raw(0, 1, 0, 3)), ProtocolError, "MQTT-3.9.3-2"),
        new("SUBACK reason of 5", Packet(0x90, Raw(0, 1, 0x87)), ProtocolError, "MQTT-3.9.3-2", Old),
        new("UNSUBACK unknown reason", Packet(0xB0, Raw(0, 1, 0, 0x10)), ProtocolError, "MQTT-3.11.3-2"),
        new("UNSUBACK with reasons", Packet(0xB0, Raw(0, 1, 0)), MalformedPacket, "", Old),
        new("UNSUBACK without reason", Packet(0xB0, Raw(0, 1, 0)), ProtocolError, "MQTT-3.11.3-1"));

    public static IEnumerable<TheoryDataRow<Refusal>> Ends => Refusal.Rows(
        new("PINGREQ flags", Packet(0xC1), MalformedPacket, "MQTT-2.1.3-1"),
        new("PINGREQ with a body", Packet(0xC0, Raw(0)), MalformedPacket, ""),
        new("PINGRESP with a body", Packet(0xD0, Raw(0)), MalformedPacket, "", Old),
        new("DISCONNECT flags", Packet(0xE1), MalformedPacket, "MQTT-2.1.3-1"),
        new("DISCONNECT with a body", Packet(0xE0, Raw(0)), MalformedPacket, "", Old),
        new("DISCONNECT from a server", Packet(0xE0), ProtocolError, "", Old, FromServer: true),
        new("DISCONNECT unknown reason", Packet(0xE0, Raw(1)), ProtocolError, "MQTT-3.14.2-1"),
        new("DISCONNECT with a server's reason", Packet(0xE0, Raw(0x8B)), ProtocolError, "MQTT-3.14.2-1"),
        new("DISCONNECT with a client's reason", Packet(0xE0, Raw(0x04)), ProtocolError, "MQTT-3.14.2-1", FromServer: true),
        new("DISCONNECT session expiry from a server", Packet(0xE0, Raw(0), Properties(Raw(17, 0, 0, 0, 1))), ProtocolError, "MQTT-3.14.2-2", FromServer: true),
        new("DISCONNECT session expiry twice", Packet(0xE0, Raw(0), Properties(Raw(17, 0, 0, 0, 1), Raw(17, 0, 0, 0, 1))), ProtocolError, ""),
        new("DISCONNECT trailing bytes", Packet(0xE0, Raw(0, 0, 0)), MalformedPacket, ""),
        new("DISCONNECT reason string ill-formed", Packet(0xE0, Raw(0), Properties(Raw(31), Binary(0xFF))), MalformedPacket, "MQTT-1.5.4-1"),
        new("AUTH in 3.1.1", Packet(0xF0), ProtocolError, "", Old),
        new("AUTH flags", Packet(0xF2), MalformedPacket, "MQTT-2.1.3-1"),
        new("AUTH unknown reason", Packet(0xF0, Raw(0x17), Properties(Raw(21), Text("m"))), ProtocolError, "MQTT-3.15.2-1"),
        new("AUTH without method", Packet(0xF0, Raw(0x18), Properties()), ProtocolError, ""),
        new("AUTH data without method", Packet(0xF0, Raw(0x18), Properties(Raw(22), Binary(1))), ProtocolError, ""),
        new("AUTH method twice", Packet(0xF0, Raw(0x18), Properties(Raw(21), Text("m"), Raw(21), Text("m"))), ProtocolError, ""),
        new("AUTH without property length", Packet(0xF0, Raw(0x18)), MalformedPacket, ""),
        new("AUTH trailing bytes", Packet(0xF0, Raw(0x18), Properties(Raw(21), Text("m")), Raw(0)), MalformedPacket, ""));

    [Theory]
    [MemberData(nameof(Acks))]
    [MemberData(nameof(Subscribes))]
    [MemberData(nameof(Answers))]
    [MemberData(nameof(Ends))]
    public void Refuses(Refusal refusal) => refusal.Verify();

    [Theory]
    [InlineData(0x40, PacketType.PubAck)]
    [InlineData(0x50, PacketType.PubRec)]
    [InlineData(0x62, PacketType.PubRel)]
    [InlineData(0x70, PacketType.PubComp)]
    public void An_acknowledgement_without_reason_means_success(byte first, PacketType type)
    {
        Assert.True(PacketDecoder.TryDecodeAck(type, (byte)(first & 15), [1, 2], ProtocolVersion.Mqtt5, out var packet, out _));
        Assert.Equal(new Packets.AckPacket(type, 0x102, Success), packet);
    }

    [Fact]
    public void A_disconnect_without_reason_means_success()
    {
        Assert.True(PacketDecoder.TryDecodeDisconnect(0, [], ProtocolVersion.Mqtt5, out var packet, out _));
        Assert.Equal(Success, packet!.Reason);
        Assert.Null(packet.SessionExpirySeconds);
    }

    [Theory]
    [InlineData(0, Success)]
    [InlineData(1, UnsupportedProtocolVersion)]
    [InlineData(2, ClientIdentifierNotValid)]
    [InlineData(3, ServerUnavailable)]
    [InlineData(4, BadUserNameOrPassword)]
    [InlineData(5, NotAuthorized)]
    public void A_return_code_of_3_1_1_becomes_a_reason_code(byte returnCode, ReasonCode expected)
    {
        Assert.True(PacketDecoder.TryDecodeConnAck(0, [0, returnCode], Old, out var packet, out _));
        Assert.Equal(expected, packet!.Reason);
    }
}
