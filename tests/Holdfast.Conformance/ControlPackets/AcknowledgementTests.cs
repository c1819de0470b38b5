using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Sections 3.4 to 3.7: PUBACK, PUBREC, PUBREL and PUBCOMP.</summary>
public sealed class AcknowledgementTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "2.2.1-5", "4.3.2-4", "3.4.2-1")]
    [Clause(Old, "2.3.1-6", "4.3.2-2")]
    public async Task A_publish_of_qos_1_is_acknowledged_by_its_identifier(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        foreach (var packetId in new ushort[] { 1, 777, ushort.MaxValue })
        {
            await client.SendAsync(new Message(Topic("a"), "x", Qos1), packetId);
            await client.ExpectAckAsync(PacketType.PubAck, packetId);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "2.2.1-5", "3.5.2-1", "3.6.2-1", "3.7.2-1", "4.3.3-8", "4.3.3-11")]
    [Clause(Old, "2.3.1-6", "4.3.3-2")]
    public async Task An_exchange_of_qos_2_keeps_its_identifier(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos2));
        await using var client = await ConnectAsync(version);
        foreach (var packetId in new ushort[] { 1, 777, ushort.MaxValue })
        {
            await client.SendAsync(new Message(Topic("a"), "x", Qos2), packetId);
            await client.ExpectAckAsync(PacketType.PubRec, packetId);
            await client.SendAsync(PacketType.PubRel, packetId);
            await client.ExpectAckAsync(PacketType.PubComp, packetId);
            await subscriber.ExpectAsync(Topic("a"), "x");
        }
    }

    [Fact]
    [Clause(New, "3.5.2-1", "3.6.2-1", "3.7.2-1")]
    public async Task An_identifier_that_nobody_knows_is_answered_with_a_reason_of_the_packet()
    {
        // What the packets may say is checked as they are read.
        await using var client = await ConnectAsync(New);
        await client.SendAsync(PacketType.PubRel, 77);
        var complete = await client.ReceiveAckAsync(PacketType.PubComp);
        Assert.Equal(77, complete.PacketId);
        Assert.True(complete.Reason is ReasonCode.Success or ReasonCode.PacketIdentifierNotFound);
        await client.SendAsync(PacketType.PubRec, 78);
        var release = await client.ReceiveAckAsync(PacketType.PubRel);
        Assert.Equal(78, release.PacketId);
        Assert.True(release.Reason is ReasonCode.Success or ReasonCode.PacketIdentifierNotFound);
        await client.SendAsync(PacketType.PubAck, 79);
        await client.SendAsync(PacketType.PubComp, 80);
        await client.PingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.3.3-11", "3.7.2-1")]
    [Clause(Old, "4.3.3-2")]
    public async Task A_release_is_completed_even_twice(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        await client.PublishAsync(new Message(Topic("a"), "x", Qos2));
        await client.SendAsync(PacketType.PubRel, 1);
        var ack = await client.ReceiveAckAsync(PacketType.PubComp);
        Assert.Equal(1, ack.PacketId);
        Assert.True(ack.Reason is ReasonCode.Success or ReasonCode.PacketIdentifierNotFound);
    }

    [Theory]
    [InlineData("6003 0001 00", ReasonCode.MalformedPacket, "PUBREL without its flags")]
    [InlineData("6303 0001 00", ReasonCode.MalformedPacket, "PUBREL with a flag too many")]
    [InlineData("4003 0001 01", ReasonCode.ProtocolError, "PUBACK with a reason that it does not have")]
    [InlineData("5003 0001 92", ReasonCode.ProtocolError, "PUBREC with a reason that it does not have")]
    [InlineData("6203 0001 10", ReasonCode.ProtocolError, "PUBREL with a reason that it does not have")]
    [InlineData("7003 0001 80", ReasonCode.ProtocolError, "PUBCOMP with a reason that it does not have")]
    [Clause(New, "3.6.1-1", "3.4.2-1", "3.5.2-1", "3.6.2-1", "3.7.2-1")]
    public Task An_acknowledgement_out_of_format_is_refused(string hex, ReasonCode reason, string what) => ExpectFaultAsync(New, hex, reason, what);

    [Theory]
    [InlineData("6002 0001", "PUBREL without its flags")]
    [InlineData("6302 0001", "PUBREL with a flag too many")]
    [Clause(Old, "3.6.1-1")]
    public Task A_release_without_its_flags_ends_a_connection_of_3_1_1(string hex, string what)
        => ExpectFaultAsync(Old, hex, ReasonCode.MalformedPacket, what);
}
