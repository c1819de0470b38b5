using System.Text;
using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Format;

/// <summary>Chapter 2: the fixed header, packet identifiers, properties.</summary>
public sealed class PacketFormatTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [InlineData("0000", ReasonCode.MalformedPacket, "the type is 0")]
    [InlineData("C100", ReasonCode.MalformedPacket, "PINGREQ with a flag")]
    [InlineData("4103 0001 00", ReasonCode.MalformedPacket, "PUBACK with a flag")]
    [InlineData("C08080808001", ReasonCode.MalformedPacket, "a remaining length of five bytes")]
    [InlineData("C00100", ReasonCode.MalformedPacket, "PINGREQ with a body")]
    [InlineData("3004 0001 61 05", ReasonCode.MalformedPacket, "a property length beyond the packet")]
    [InlineData("3006 0001 61 02 7F00", ReasonCode.MalformedPacket, "a property that does not exist")]
    [InlineData("2003 00 00 00", ReasonCode.ProtocolError, "a CONNACK from a client")]
    [InlineData("9004 0001 00 00", ReasonCode.ProtocolError, "a SUBACK from a client")]
    [InlineData("D000", ReasonCode.ProtocolError, "a PINGRESP from a client")]
    [Clause(New, "2.1.3-1", "4.13.1-1")]
    public Task A_packet_out_of_format_is_refused(string hex, ReasonCode reason, string what) => ExpectFaultAsync(New, hex, reason, what);

    [Theory]
    [InlineData("0000", "the type is 0")]
    [InlineData("C100", "PINGREQ with a flag")]
    [InlineData("4102 0001", "PUBACK with a flag")]
    [InlineData("4003 0001 00", "PUBACK with a reason")]
    [InlineData("C08080808001", "a remaining length of five bytes")]
    [InlineData("F000", "AUTH does not exist")]
    [InlineData("2002 0000", "a CONNACK from a client")]
    [Clause(Old, "2.2.2-1", "2.2.2-2", "4.8.0-1")]
    public Task A_packet_out_of_format_ends_a_connection_of_3_1_1(string hex, string what)
        => ExpectFaultAsync(Old, hex, ReasonCode.MalformedPacket, what);

    [Theory]
    [InlineData("3206 0001 61 0000 00", ReasonCode.ProtocolError, "PUBLISH")]
    [InlineData("8207 0000 00 000161 00", ReasonCode.ProtocolError, "SUBSCRIBE")]
    [InlineData("A206 0000 00 000161", ReasonCode.ProtocolError, "UNSUBSCRIBE")]
    [InlineData("4002 0000", ReasonCode.ProtocolError, "PUBACK")]
    [Clause(New, "2.2.1-3")]
    public Task The_packet_identifier_0_is_refused(string hex, ReasonCode reason, string what) => ExpectFaultAsync(New, hex, reason, what);

    [Theory]
    [InlineData("3205 0001 61 0000", "PUBLISH")]
    [InlineData("8206 0000 000161 00", "SUBSCRIBE")]
    [InlineData("A205 0000 000161", "UNSUBSCRIBE")]
    [Clause(Old, "2.3.1-1")]
    public Task The_packet_identifier_0_ends_a_connection_of_3_1_1(string hex, string what)
        => ExpectFaultAsync(Old, hex, ReasonCode.ProtocolError, what);

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "2.2.1-4", "4.3.2-1", "4.3.3-1")]
    [Clause(Old, "2.3.1-4", "2.3.1-1")]
    public async Task Messages_in_flight_have_packet_identifiers_of_their_own(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("+"), Qos2));
        await PublishAsync(
            version,
            new Message(Topic("a"), "1", Qos1),
            new Message(Topic("a"), "2", Qos2),
            new Message(Topic("b"), "3", Qos1),
            new Message(Topic("b"), "4", Qos2));
        var identifiers = new HashSet<ushort>();
        for (var i = 0; i < 4; i++)
        {
            var message = await subscriber.ReceivePublishAsync();
            Assert.NotEqual(0, message.PacketId);
            Assert.True(identifiers.Add(message.PacketId), $"{message.PacketId} is in use.");
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "2.2.1-2", "2.2.2-1", "4.3.1-1", "3.3.1-2")]
    [Clause(Old, "2.3.1-5", "4.3.1-1", "3.3.1-2")]
    public async Task A_publish_of_qos_0_has_neither_identifier_nor_dup_nor_needless_properties(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
        await PublishAsync(version, new Message(Topic("a"), "x"));
        var packet = await subscriber.ReceiveAsync(PacketType.Publish);
        Assert.Equal(0, packet.Flags);
        var topic = Encoding.UTF8.GetBytes(Topic("a"));
        byte[] properties = version == New ? [0] : [];
        Assert.Equal([0, (byte)topic.Length, .. topic, .. properties, (byte)'x'], packet.Body);
    }
}
