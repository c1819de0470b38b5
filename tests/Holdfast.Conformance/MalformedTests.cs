using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance;

/// <summary>A packet that breaks the standard ends the connection; MQTT 5 is told why before it ends.</summary>
public sealed class MalformedTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [InlineData("00", ReasonCode.MalformedPacket, "the type is 0")]
    [InlineData("C100", ReasonCode.MalformedPacket, "PINGREQ with a flag")]
    [InlineData("C080808080", ReasonCode.MalformedPacket, "a remaining length of five bytes")]
    [InlineData("C00100", ReasonCode.MalformedPacket, "PINGREQ with a body")]
    [InlineData("3004 0001 61 05", ReasonCode.MalformedPacket, "a property length beyond the packet")]
    [InlineData("3606 0001 61 0001 00", ReasonCode.MalformedPacket, "QoS 3")]
    [InlineData("3804 0001 61 00", ReasonCode.MalformedPacket, "DUP at QoS 0")]
    [InlineData("3006 0003 EDA080 00", ReasonCode.MalformedPacket, "a surrogate in a topic")]
    [InlineData("3006 0003 610062 00", ReasonCode.MalformedPacket, "U+0000 in a topic")]
    [InlineData("3006 0003 612F23 00", ReasonCode.TopicNameInvalid, "a wildcard in a topic")]
    [InlineData("3003 0000 00", ReasonCode.ProtocolError, "neither topic nor alias")]
    [InlineData("3206 0001 61 0000 00", ReasonCode.ProtocolError, "packet identifier 0")]
    [InlineData("3008 0001 61 04 0101 0101", ReasonCode.ProtocolError, "a property twice")]
    [InlineData("3006 0001 61 02 0105", ReasonCode.ProtocolError, "a payload format indicator of 5")]
    [InlineData("3007 0001 61 03 230000", ReasonCode.TopicAliasInvalid, "alias 0")]
    [InlineData("3006 0001 61 02 0B01", ReasonCode.ProtocolError, "a subscription identifier from a client")]
    [InlineData("3007 0001 61 03 210001", ReasonCode.MalformedPacket, "a property of CONNECT in PUBLISH")]
    [InlineData("4002 0000", ReasonCode.ProtocolError, "PUBACK of packet identifier 0")]
    [InlineData("6002 0001", ReasonCode.MalformedPacket, "PUBREL without its flags")]
    [InlineData("8007 0001 00 000161 00", ReasonCode.MalformedPacket, "SUBSCRIBE without its flags")]
    [InlineData("8203 0001 00", ReasonCode.ProtocolError, "SUBSCRIBE without a filter")]
    [InlineData("8207 0001 00 000161 03", ReasonCode.ProtocolError, "SUBSCRIBE to QoS 3")]
    [InlineData("8207 0001 00 000161 C0", ReasonCode.MalformedPacket, "SUBSCRIBE with reserved bits")]
    [InlineData("8207 0001 00 000161 30", ReasonCode.ProtocolError, "SUBSCRIBE with retain handling 3")]
    [InlineData("8207 0000 00 000161 00", ReasonCode.ProtocolError, "SUBSCRIBE with packet identifier 0")]
    [InlineData("8209 0001 02 0B00 000161 00", ReasonCode.ProtocolError, "SUBSCRIBE with subscription identifier 0")]
    [InlineData("A203 0001 00", ReasonCode.ProtocolError, "UNSUBSCRIBE without a filter")]
    [InlineData("A006 0001 00 000161", ReasonCode.MalformedPacket, "UNSUBSCRIBE without its flags")]
    [InlineData("E100", ReasonCode.MalformedPacket, "DISCONNECT with a flag")]
    [InlineData("2003 00 00 00", ReasonCode.ProtocolError, "a CONNACK from a client")]
    [InlineData("9004 0001 00 00", ReasonCode.ProtocolError, "a SUBACK from a client")]
    [InlineData("D000", ReasonCode.ProtocolError, "a PINGRESP from a client")]
    [Clause("4.13.1-1", "4.13.2-1", "2.1.3-1", "1.5.4-1", "1.5.4-2", "1.5.5-1", "2.2.1-3", "3.3.1-2", "3.3.1-4", "3.3.2-2", "3.3.2-8", "3.3.4-6",
        "3.6.1-1", "3.8.1-1", "3.8.3-2", "3.8.3-5", "3.10.1-1", "3.10.3-2", "3.14.1-1")]
    public async Task Mqtt_5_is_told_the_reason_and_disconnected(string hex, ReasonCode reason, string what)
    {
        await using var client = await ConnectAsync(New);
        await client.SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        var packet = await client.ReceiveDisconnectAsync();
        Assert.True(reason == packet.Reason, $"{what}: {packet.Reason}, {packet.ReasonString}");
        await client.ExpectEndAsync();
    }

    [Theory]
    [InlineData("00", "the type is 0")]
    [InlineData("C100", "PINGREQ with a flag")]
    [InlineData("F000", "AUTH does not exist")]
    [InlineData("3605 0001 61 0001", "QoS 3")]
    [InlineData("3803000161", "DUP at QoS 0")]
    [InlineData("3003 0001 FF", "ill-formed UTF-8 in a topic")]
    [InlineData("3005 0003 610062", "U+0000 in a topic")]
    [InlineData("3005 0003 612F2B", "a wildcard in a topic")]
    [InlineData("3205 0001 61 0000", "packet identifier 0")]
    [InlineData("4003 0001 00", "PUBACK with a reason")]
    [InlineData("6002 0001", "PUBREL without its flags")]
    [InlineData("8006 0001 000161 00", "SUBSCRIBE without its flags")]
    [InlineData("8202 0001", "SUBSCRIBE without a filter")]
    [InlineData("8206 0001 000161 03", "SUBSCRIBE to QoS 3")]
    [InlineData("8206 0001 000161 04", "SUBSCRIBE with reserved bits")]
    [InlineData("A202 0001", "UNSUBSCRIBE without a filter")]
    [InlineData("E001 00", "DISCONNECT with a reason")]
    [InlineData("2002 0000", "a CONNACK from a client")]
    [Clause("4.13.1-1", "3.1.1 4.8.0-1", "3.1.1 3.8.3-3", "3.1.1 3.8.3-4", "3.1.1 2.3.1-1", "3.1.1 3.14.1-1", "3.1.1 2.2.2-2")]
    public async Task Mqtt_3_1_1_is_disconnected_without_a_word(string hex, string what)
    {
        await using var client = await ConnectAsync(Old);
        await client.SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        var answer = await client.ReceiveAnyAsync();
        Assert.True(answer is null, $"{what}: {answer}");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.13.1-1")]
    public async Task What_was_sent_before_the_fault_is_processed_and_what_comes_after_is_not(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("+"), Qos1));
        await using var client = await ConnectAsync(version);
        await client.SendAsync(new Message(Topic("a"), "before", Qos1), 1);
        await client.ExpectAckAsync(PacketType.PubAck, 1);
        await client.SendAsync((byte[])[0xC1, 0, 0x30, 4, 0, 1, (byte)'a', 0]);
        await client.ExpectRefusalAsync(version, ReasonCode.MalformedPacket);
        await subscriber.ExpectAsync(Topic("a"), "before");
        await ExpectNothingMoreAsync(subscriber, Topic("a"));
    }

    [Fact]
    [Clause("4.13.1-1")]
    public async Task A_broken_connection_leaves_others_alone()
    {
        await using var witness = await ConnectAsync(New);
        var random = new Random(4_711);
        for (var i = 0; i < 100; i++)
        {
            await using var client = i % 2 == 0 ? await ConnectAsync(New) : await OpenAsync(New);
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            await client.SendAsync(bytes);
            client.Drop();
        }

        await witness.PingAsync();
    }
}
