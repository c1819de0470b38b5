using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Section 3.1.2.11.4 and whatever depends on it: Maximum Packet Size. The client refuses every packet that is too large.</summary>
public sealed class MaximumPacketSizeTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Clause(New, "3.1.2-24", "3.1.2-25")]
    public async Task A_message_that_is_too_large_for_the_client_is_passed_over(QualityOfService quality)
    {
        await using var subscriber = await ConnectAsync(Clean(New) with { MaximumPacketSize = 200, ReceiveMaximum = 1 });
        await subscriber.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), quality));
        await PublishAsync(
            New,
            new Message(Topic("a"), new byte[200], quality),
            new Message(Topic("a"), new byte[200], quality),
            new Message(Topic("a"), "small", quality));
        await subscriber.ExpectAsync(Topic("a"), "small");
    }

    [Fact]
    [Clause(New, "3.4.2-2", "3.4.2-3", "3.5.2-2", "3.5.2-3", "3.6.2-2", "3.6.2-3")]
    [Clause(New, "3.7.2-2", "3.7.2-3", "3.9.2-1", "3.9.2-2", "3.11.2-1", "3.11.2-2")]
    public async Task Acknowledgements_leave_out_what_does_not_fit()
    {
        await using var client = await ConnectAsync(Clean(New) with { MaximumPacketSize = 40 });
        await client.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos2));
        await client.UnsubscribeAsync(New, Topic("unknown"));
        await client.SendAsync(new Message(Topic("b"), "x", Qos1), 1);
        await client.ReceiveAckAsync(PacketType.PubAck);
        await client.SendAsync(new Message(Topic("b"), "x", Qos2), 2);
        await client.ReceiveAckAsync(PacketType.PubRec);
        await client.SendAsync(PacketType.PubRel, 2);
        await client.ReceiveAckAsync(PacketType.PubComp);
        await client.SendAsync(PacketType.PubRel, 3);
        await client.ReceiveAckAsync(PacketType.PubComp);
        await client.SendAsync(PacketType.PubRec, 4);
        await client.ReceiveAckAsync(PacketType.PubRel);
        await client.PingAsync();

        // A filter that is refused, or a packet.
        await client.SendSubscribeAsync(New, new SubscriptionRequest("#/a", Qos0));
        Assert.True((await client.ReceiveAnyAsync())?.Type is PacketType.SubAck or PacketType.Disconnect or null);
    }

    [Fact]
    [Clause(New, "3.14.2-3", "3.14.2-4")]
    public async Task A_disconnect_leaves_out_what_does_not_fit()
    {
        await using var client = await ConnectAsync(Clean(New) with { MaximumPacketSize = 40 });
        await client.SendHexAsync("3606 0001 61 0001 00");
        await client.ExpectRefusalAsync(New, ReasonCode.MalformedPacket);
    }

    [Fact]
    [Clause(New, "3.2.2-19", "3.2.2-20")]
    public async Task A_refusal_of_connect_leaves_out_what_does_not_fit()
    {
        await using var client = await OpenAsync(New);
        client.MaximumPacketSize = 20;
        var packet = Clean(New) with { MaximumPacketSize = 20, AuthenticationMethod = "none" };
        await client.SendAsync(destination => PacketEncoder.Write(packet, destination));
        var answer = await ExpectConnectRefusalAsync(client);
        Assert.Equal(TargetBroker.IsForeign ? answer?.Body[1] : (byte)ReasonCode.BadAuthenticationMethod, answer?.Body[1]);
    }

    [Fact]
    [Clause(New, "3.1.2-24")]
    public async Task A_client_that_takes_no_connack_gets_no_larger_packet()
    {
        await using var client = await OpenAsync(New);
        client.MaximumPacketSize = 4;
        await client.SendAsync(destination => PacketEncoder.Write(Clean(New) with { MaximumPacketSize = 4, ClientId = "" }, destination));
        Assert.Null(await client.ReceiveAnyAsync());
    }

    [Fact]
    [Clause(New, "3.2.2-15")]
    public async Task A_packet_that_is_too_large_for_the_server_is_refused_before_it_has_come()
    {
        await using var client = await OpenAsync(New);
        if ((await client.ConnectAsync(Clean(New))).MaximumPacketSize is not { } maximum)
        {
            return;
        }

        // A fixed header is enough: the remaining length alone is above the maximum.
        byte[] header =
            [0x30, (byte)(maximum & 0x7F | 0x80), (byte)((maximum >> 7) & 0x7F | 0x80), (byte)((maximum >> 14) & 0x7F | 0x80), (byte)(maximum >> 21)];
        await client.SendAsync(header[4] == 0 ? [.. header[..3], (byte)(header[3] & 0x7F)] : header);
        await client.ExpectRefusalAsync(New, ReasonCode.PacketTooLarge);
    }
}
