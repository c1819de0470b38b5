using System.Text;
using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance;

public sealed class ConnectTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.1.4-5", "3.2.0-1", "3.2.2-2")]
    public async Task A_clean_start_is_answered_with_success_and_no_session(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(Clean(version), sessionPresent: false);
        await client.PingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.1.0-1")]
    public async Task A_first_packet_that_is_no_connect_ends_the_connection(ProtocolVersion version)
    {
        await using var client = await OpenAsync(version);
        await client.SendAsync(destination => PacketEncoder.WritePing(PacketType.PingReq, destination));
        await client.ExpectClosedAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.1.0-2")]
    public async Task A_second_connect_is_a_protocol_error(ProtocolVersion version)
    {
        var packet = Clean(version);
        await using var client = await ConnectAsync(packet);
        await client.SendAsync(destination => PacketEncoder.Write(packet, destination));
        await client.ExpectRefusalAsync(version, ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(3, "MQTT")]
    [InlineData(6, "MQTT")]
    [InlineData(5, "MQTTX")]
    [Clause("3.1.2-1", "3.1.2-2")]
    public async Task An_unknown_protocol_is_refused(byte level, string name)
    {
        await using var client = await OpenAsync(Old);
        byte[] body = [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), level, 2, 0, 0, 0, 0, 1, (byte)'c'];
        await client.SendAsync((byte[])[0x10, (byte)body.Length, .. body]);
        await ExpectConnectRefusalAsync(client);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.1.2-3")]
    public async Task The_reserved_connect_flag_is_refused(ProtocolVersion version)
    {
        await using var client = await OpenAsync(version);
        byte[] properties = version == New ? [0] : [];
        byte[] body = [0, 4, .. "MQTT"u8, (byte)version, 3, 0, 0, .. properties, 0, 1, (byte)'c'];
        await client.SendAsync((byte[])[0x10, (byte)body.Length, .. body]);
        await ExpectConnectRefusalAsync(client);
    }

    [Fact]
    [Clause("3.1.3-6", "3.1.3-7", "3.2.2-16")]
    public async Task A_client_without_identifier_is_assigned_one()
    {
        var assigned = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            await using var client = await OpenAsync(New);
            var answer = await client.ConnectAsync(Clean(New) with { ClientId = "" });
            Assert.Equal(ReasonCode.Success, answer.Reason);
            Assert.False(string.IsNullOrEmpty(answer.AssignedClientId));
            Assert.True(assigned.Add(answer.AssignedClientId));
        }
    }

    [Fact]
    [Clause("3.1.1 3.1.3-6")]
    public async Task A_clean_client_of_3_1_1_needs_no_identifier()
    {
        await using var client = await ConnectAsync(Clean(Old) with { ClientId = "" });
        await client.PingAsync();
    }

    [Fact]
    [Clause("3.1.1 3.1.3-7", "3.1.1 3.1.3-8")]
    public async Task A_client_of_3_1_1_cannot_keep_a_session_without_identifier()
    {
        await using var client = await OpenAsync(Old);
        await client.SendAsync((byte[])[0x10, 12, 0, 4, .. "MQTT"u8, 4, 0, 0, 0, 0, 0]);
        var answer = await client.ReceiveConnAckAsync();
        Assert.Equal(ReasonCode.ClientIdentifierNotValid, answer.Reason);
        await client.ExpectEndAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.1.3-5")]
    public async Task An_identifier_of_23_letters_and_digits_is_allowed(ProtocolVersion version)
    {
        foreach (var clientId in new[] { "0123456789abcdefghijklm", "nopqrstuvwxyzABCDEFGHIJ", "KLMNOPQRSTUVWXYZ0123456" })
        {
            await using var client = await ConnectAsync(Clean(version) with { ClientId = clientId });
            await client.DisconnectAsync(version);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("3.1.4-5")]
    public async Task Packets_that_follow_the_connect_without_waiting_are_processed(ProtocolVersion version)
    {
        await using var client = await OpenAsync(version);
        await client.SendAsync(destination =>
        {
            PacketEncoder.Write(Clean(version), destination);
            PacketEncoder.Write(new SubscribePacket { PacketId = 1, Requests = [new(Topic("a"), Qos0)] }, version, destination);
            PacketEncoder.WritePing(PacketType.PingReq, destination);
        });
        Assert.Equal(ReasonCode.Success, (await client.ReceiveConnAckAsync()).Reason);
        Assert.Equal(1, (await client.ReceiveSubscriptionAckAsync(PacketType.SubAck)).PacketId);
        await client.ReceiveAsync(PacketType.PingResp);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause("4.2-1")]
    public async Task Packets_may_arrive_byte_by_byte(ProtocolVersion version)
    {
        await using var client = await OpenAsync(version);
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        PacketEncoder.Write(Clean(version), bytes);
        PacketEncoder.WritePing(PacketType.PingReq, bytes);
        for (var i = 0; i < bytes.WrittenCount; i++)
        {
            await client.SendAsync(bytes.WrittenMemory.Slice(i, 1));
        }

        Assert.Equal(ReasonCode.Success, (await client.ReceiveConnAckAsync()).Reason);
        await client.ReceiveAsync(PacketType.PingResp);
    }

    [Fact]
    [Clause("4.12.0-1")]
    public async Task An_unknown_authentication_method_is_refused()
    {
        await using var client = await OpenAsync(New);
        var answer = await client.ConnectAsync(Clean(New) with { AuthenticationMethod = "no such method", AuthenticationData = new byte[] { 1 } });
        Assert.Equal(ReasonCode.BadAuthenticationMethod, answer.Reason);
        Assert.False(answer.SessionPresent);
        await client.ExpectEndAsync();
    }

    [Fact]
    [Clause("4.12.1-2", "4.13.1-1")]
    public async Task Reauthentication_without_a_method_is_a_protocol_error()
    {
        await using var client = await ConnectAsync(New);
        await client.SendAsync(destination => PacketEncoder.Write(
            new AuthPacket { Reason = ReasonCode.Reauthenticate, AuthenticationMethod = "no such method" }, destination));
        await client.ExpectRefusalAsync(New, ReasonCode.ProtocolError);
    }

    [Fact]
    [Clause("3.1.2-29")]
    public async Task A_client_that_wants_no_problem_information_gets_none_with_acknowledgements()
    {
        await using var client = await ConnectAsync(Clean(New) with { RequestProblemInformation = false });
        var packet = new SubscribePacket { PacketId = 1, Requests = [new(Topic("a"), Qos0)] };
        var answer = await client.SubscribeAsync(New, packet);
        Assert.Null(answer.ReasonString);
        Assert.Empty(answer.UserProperties);
        var unsubscribed = await client.UnsubscribeAsync(New, Topic("unknown"));
        Assert.Null(unsubscribed.ReasonString);
        Assert.Empty(unsubscribed.UserProperties);
    }

    /// <summary>A refused CONNECT may be answered with a CONNACK, and ends the connection.</summary>
    private static async Task ExpectConnectRefusalAsync(TestClient client)
    {
        var answer = await client.ReceiveAnyAsync();
        if (answer is not null)
        {
            Assert.Equal(PacketType.ConnAck, answer.Type);
            Assert.NotEqual(0, answer.Body[1]);
            await client.ExpectEndAsync();
        }
    }
}
