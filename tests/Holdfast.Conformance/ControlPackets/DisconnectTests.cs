using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Section 3.14: DISCONNECT.</summary>
public sealed class DisconnectTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.14.4-2")]
    [Clause(Old, "3.14.4-1")]
    public async Task The_broker_closes_after_a_disconnect_and_says_nothing_more(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        await client.DisconnectAsync(version);
        Assert.Equal(0, client.SetAside);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.14.4-1")]
    [Clause(Old, "3.14.4-2")]
    public async Task What_follows_a_disconnect_is_not_processed(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await using var client = await ConnectAsync(version);
        byte[] topic = [.. System.Text.Encoding.UTF8.GetBytes(Topic("a"))];
        byte[] properties = version == New ? [0] : [];
        await client.SendAsync((byte[])[0xE0, 0, 0x30, (byte)(2 + topic.Length + properties.Length), 0, (byte)topic.Length, .. topic, .. properties]);
        await client.ExpectClosedAsync();
        await ExpectNothingMoreAsync(subscriber, Topic("a"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.3.2-4")]
    [Clause(Old, "4.3.2-2")]
    public async Task What_preceded_a_disconnect_is_processed(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("+"), Qos1));
        await using var client = await ConnectAsync(version);
        await client.SendAsync(new Message(Topic("a"), "one", Qos1), 1);
        await client.SendAsync(new Message(Topic("a"), "two", Qos0), 0);
        await client.SendAsync((byte[])[0xE0, 0]);

        // The acknowledgement may still come.
        var last = await client.ReceiveAnyAsync();
        Assert.True(last is null or { Type: PacketType.PubAck });
        string[] payloads = [(await subscriber.TakeAsync()).Payload, (await subscriber.TakeAsync()).Payload];
        Assert.Equal(["one", "two"], payloads.Order());
    }

    [Fact]
    [Clause(New, "3.14.2-1")]
    public async Task A_disconnect_with_a_reason_of_the_client_is_accepted()
    {
        await using var client = await ConnectAsync(New);
        var details = new[] { new UserProperty("n", "v") };
        var packet = new DisconnectPacket { Reason = ReasonCode.UnspecifiedError, ReasonString = "tired", UserProperties = details };
        await client.DisconnectAsync(New, packet);
    }

    [Fact]
    [Clause(New, "3.14.2-1")]
    public async Task A_disconnect_with_a_reason_of_the_server_is_a_protocol_error()
    {
        await using var client = await ConnectAsync(New);
        await client.SendAsync((byte[])[0xE0, 1, (byte)ReasonCode.ServerShuttingDown]);
        await client.ExpectRefusalAsync(New, ReasonCode.ProtocolError);
    }

    [Fact]
    [Clause(New, "3.14.1-1")]
    public Task A_disconnect_with_a_flag_is_malformed() => ExpectFaultAsync(New, "E100", ReasonCode.MalformedPacket, "DISCONNECT with a flag");

    [Theory]
    [InlineData("E100", "a flag")]
    [InlineData("E001 00", "a reason")]
    [Clause(Old, "3.14.1-1")]
    public Task A_disconnect_of_3_1_1_out_of_format_ends_the_connection(string hex, string what)
        => ExpectFaultAsync(Old, hex, ReasonCode.MalformedPacket, what);

    [Fact]
    [Clause(New, "3.14.2-1", "3.14.2-2", "3.14.4-1", "3.14.4-2")]
    public async Task A_disconnect_of_the_server_is_its_last_packet()
    {
        var session = Kept(New);
        await using var client = await ConnectAsync(session);
        await client.SubscribeAsync(New, new SubscriptionRequest(Topic("a"), Qos0));
        await using var publisher = await ConnectAsync(New);
        for (var i = 0; i < 50; i++)
        {
            await publisher.PublishAsync(new Message(Topic("a"), "x"));
        }

        await client.SendHexAsync("3606 0001 61 0001 00");
        for (var i = 0; i < 50; i++)
        {
            await publisher.PublishAsync(new Message(Topic("a"), "x"));
        }

        await client.ExpectRefusalAsync(New, ReasonCode.MalformedPacket);
    }
}
