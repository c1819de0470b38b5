using System.Text;
using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Section 3.1: CONNECT.</summary>
public sealed class ConnectTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.0-1", "3.14.0-1")]
    [Clause(Old, "3.1.0-1")]
    public async Task A_first_packet_that_is_no_connect_ends_the_connection(ProtocolVersion version)
    {
        await using var client = await OpenAsync(version);
        await client.SendAsync(destination => PacketEncoder.WritePing(PacketType.PingReq, destination));
        await client.ExpectClosedAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.0-2", "3.2.0-2")]
    [Clause(Old, "3.1.0-2")]
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
    [Clause(New, "3.1.2-1", "3.1.2-2")]
    [Clause(Old, "3.1.2-1")]
    public async Task An_unknown_protocol_is_refused(byte level, string name)
    {
        await using var client = await OpenAsync(Old);
        byte[] body = [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), level, 2, 0, 0, 0, 0, 1, (byte)'c'];
        await client.SendAsync((byte[])[0x10, (byte)body.Length, .. body]);
        await ExpectConnectRefusalAsync(client);
    }

    [Fact]
    [Clause(New, "3.1.2-2")]
    [Clause(Old, "3.1.2-2", "3.2.2-5")]
    public async Task A_level_that_is_not_spoken_is_told_return_code_1()
    {
        var answer = await ExpectConnectRefusalAsync("03 02 0000 0001 63", "level 3");
        Assert.Equal([0, 1], answer!.Body);
    }

    [Theory]
    [InlineData("05 03 0000 00 0001 63", "the reserved flag")]
    [InlineData("05 0A 0000 00 0001 63", "a will QoS without will")]
    [InlineData("05 22 0000 00 0001 63", "a will to be retained without will")]
    [InlineData("05 1E 0000 00 0001 63 00 0001 77 0000", "will QoS 3")]
    [InlineData("05 06 0000 00 0001 63", "a will flag without will")]
    [InlineData("05 82 0000 00 0001 63", "a user name flag without user name")]
    [InlineData("05 02 0000 00 0001 63 0001 75", "a user name without its flag")]
    [InlineData("05 42 0000 00 0001 63", "a password flag without password")]
    [InlineData("05 82 0000 00 0001 63 0001 75 0001 70", "a password without its flag")]
    [InlineData("05 02 0000 00", "no client identifier")]
    [InlineData("05 02 0000 00 0001 FF", "an ill-formed client identifier")]
    [InlineData("05 06 0000 00 0001 63 00 0001 FF 0000", "an ill-formed will topic")]
    [InlineData("05 82 0000 00 0001 63 0001 FF", "an ill-formed user name")]
    [InlineData("05 02 0000 03 210000 0001 63", "receive maximum 0")]
    [InlineData("05 02 0000 05 2700000000 0001 63", "maximum packet size 0")]
    [InlineData("05 02 0000 02 1702 0001 63", "request problem information 2")]
    [InlineData("05 02 0000 04 17011701 0001 63", "a property twice")]
    [InlineData("05 02 0000 04 16000101 0001 63", "authentication data without method")]
    [Clause(New, "3.1.4-1", "3.1.2-3", "3.1.2-9", "3.1.2-11", "3.1.2-12", "3.1.2-13", "3.1.2-16", "3.1.2-17")]
    [Clause(New, "3.1.2-18", "3.1.2-19", "3.1.3-3", "3.1.3-4", "3.1.3-11", "3.1.3-12", "3.14.0-1", "3.2.2-8")]
    public async Task A_connect_out_of_format_is_refused(string hex, string what)
    {
        var answer = await ExpectConnectRefusalAsync(hex, what);
        Assert.True(answer is null || (ReasonCode)answer.Body[1] is ReasonCode.MalformedPacket or ReasonCode.ProtocolError, $"{what}: {answer}");
    }

    [Theory]
    [InlineData("04 03 0000 0001 63", "the reserved flag")]
    [InlineData("04 0A 0000 0001 63", "a will QoS without will")]
    [InlineData("04 22 0000 0001 63", "a will to be retained without will")]
    [InlineData("04 1E 0000 0001 63 0001 77 0000", "will QoS 3")]
    [InlineData("04 06 0000 0001 63", "a will flag without will")]
    [InlineData("04 02 0000 0001 63 0001 77 0000", "a will without its flag")]
    [InlineData("04 82 0000 0001 63", "a user name flag without user name")]
    [InlineData("04 02 0000 0001 63 0001 75", "a user name without its flag")]
    [InlineData("04 C2 0000 0001 63 0001 75", "a password flag without password")]
    [InlineData("04 82 0000 0001 63 0001 75 0001 70", "a password without its flag")]
    [InlineData("04 42 0000 0001 63 0001 70", "a password without user name")]
    [InlineData("04 02 0000", "no client identifier")]
    [InlineData("04 02 0000 0001 FF", "an ill-formed client identifier")]
    [InlineData("04 06 0000 0001 63 0001 FF 0000", "an ill-formed will topic")]
    [InlineData("04 82 0000 0001 63 0001 FF", "an ill-formed user name")]
    [Clause(Old, "3.1.4-1", "3.1.2-3", "3.1.2-9", "3.1.2-11", "3.1.2-13", "3.1.2-14", "3.1.2-15", "3.1.2-18")]
    [Clause(Old, "3.1.2-19", "3.1.2-20", "3.1.2-21", "3.1.2-22", "3.1.3-3", "3.1.3-4", "3.1.3-10", "3.1.3-11", "3.2.2-6")]
    public async Task A_connect_of_3_1_1_out_of_format_is_closed_without_an_answer(string hex, string what)
    {
        var answer = await ExpectConnectRefusalAsync(hex, what);
        Assert.True(answer is null, $"{what}: {answer}");
    }

    [Fact]
    [Clause(New, "3.1.3-6", "3.1.3-7", "3.2.2-16")]
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
    [Clause(New, "3.1.3-7")]
    public async Task An_assigned_identifier_is_the_clients_own()
    {
        string? assigned;
        await using (var first = await OpenAsync(New))
        {
            assigned = (await first.ConnectAsync(Kept(New, ""))).AssignedClientId;
            Assert.NotNull(assigned);
            await first.DisconnectAsync(New);
        }

        await using var returned = await ConnectAsync(Kept(New, assigned), sessionPresent: true);
    }

    [Fact]
    [Clause(Old, "3.1.3-6")]
    public async Task A_clean_client_of_3_1_1_needs_no_identifier()
    {
        await using var client = await ConnectAsync(Clean(Old) with { ClientId = "" });
        await client.PingAsync();
    }

    [Fact]
    [Clause(Old, "3.1.3-7", "3.1.3-8", "3.1.3-9", "3.2.2-4", "3.2.2-5")]
    public async Task A_client_of_3_1_1_cannot_keep_a_session_without_identifier()
    {
        await using var client = await OpenAsync(Old);
        await client.SendAsync((byte[])[0x10, 12, 0, 4, .. "MQTT"u8, 4, 0, 0, 0, 0, 0]);
        var answer = await client.ReceiveConnAckAsync();
        Assert.Equal(ReasonCode.ClientIdentifierNotValid, answer.Reason);
        Assert.False(answer.SessionPresent);
        await client.ExpectEndAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.3-5")]
    [Clause(Old, "3.1.3-5")]
    public async Task An_identifier_of_23_letters_and_digits_is_allowed(ProtocolVersion version)
    {
        foreach (var clientId in new[] { "0123456789abcdefghijklm", "nopqrstuvwxyzABCDEFGHIJ", "KLMNOPQRSTUVWXYZ0123456" })
        {
            // Both versions are tested at the same time, and one client would take the other's session over.
            var own = version == ProtocolVersion.Mqtt5 ? new string([.. clientId.Reverse()]) : clientId;
            await using var client = await ConnectAsync(Clean(version) with { ClientId = own });
            await client.DisconnectAsync(version);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.3-8")]
    [Clause(Old, "3.1.3-9")]
    public async Task An_identifier_is_accepted_or_rejected_as_such(ProtocolVersion version)
    {
        await using var client = await OpenAsync(version);
        await client.SendAsync(destination => PacketEncoder.Write(Clean(version) with { ClientId = new string('x', 65_535) }, destination));
        var answer = await client.ReceiveAnyAsync();
        if (answer is null)
        {
            // MQTT 5 may be closed without a word, 3.1.1 may not.
            Assert.Equal(New, version);
        }
        else if (answer.Body[1] != 0)
        {
            Assert.Equal((PacketType.ConnAck, version == New ? (byte)ReasonCode.ClientIdentifierNotValid : 2), (answer.Type, answer.Body[1]));
            Assert.Null(await client.ReceiveAnyAsync());
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.3-2")]
    [Clause(Old, "3.1.3-2")]
    public async Task Another_identifier_means_another_session(ProtocolVersion version)
    {
        var session = Kept(version);
        await using (var client = await ConnectAsync(session))
        {
            await client.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
            await client.DisconnectAsync(version);
        }

        await using var other = await ConnectAsync(session with { ClientId = session.ClientId + "x" }, sessionPresent: false);
        await other.SubscribeAsync(version, new SubscriptionRequest(Topic("end"), Qos1));
        await PublishAsync(version, new Message(Topic("a"), "x", Qos1));
        await ExpectNothingMoreAsync(other, Topic("end"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.4-5", "3.2.0-1")]
    [Clause(Old, "3.1.4-4", "3.2.0-1")]
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
    [Clause(New, "3.1.4-6")]
    [Clause(Old, "3.1.4-5")]
    public async Task What_follows_a_refused_connect_is_not_processed(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos1));
        await using (var client = await OpenAsync(version))
        {
            var topic = Encoding.UTF8.GetBytes(Topic("a"));
            byte[] properties = version == New ? [0] : [];
            byte[] connect = version == New
                ? [0x10, 20, 0, 4, .. "MQTT"u8, 5, 2, 0, 0, 7, 21, 0, 4, .. "none"u8, 0, 0]
                : [0x10, 12, 0, 4, .. "MQTT"u8, 4, 0, 0, 0, 0, 0];
            byte[] publish = [0x30, (byte)(2 + topic.Length + properties.Length), 0, (byte)topic.Length, .. topic, .. properties];
            await client.SendAsync((byte[])[.. connect, .. publish]);
            await ExpectConnectRefusalAsync(client);
        }

        await ExpectNothingMoreAsync(subscriber, Topic("a"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "4.2.0-1")]
    [Clause(Old, "7.1.1-1")]
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
    [Clause(New, "3.1.2-29")]
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

        await client.SendAsync(new Message(Topic("a"), "x", Qos1), 1);
        await ExpectBareAsync(client, PacketType.PubAck);
        await client.SendAsync(new Message(Topic("b"), "x", Qos2), 2);
        await ExpectBareAsync(client, PacketType.PubRec);
        await client.SendAsync(PacketType.PubRel, 2);
        await ExpectBareAsync(client, PacketType.PubComp);
        await client.SendAsync(PacketType.PubRel, 3);
        await ExpectBareAsync(client, PacketType.PubComp);
    }

    /// <summary>An acknowledgement without properties.</summary>
    private static async Task ExpectBareAsync(TestClient client, PacketType type)
    {
        var packet = await client.ReceiveAsync(type);
        Assert.True(packet.Body.Length <= 3 || packet.Body[3] == 0, $"{type} {Convert.ToHexString(packet.Body)}");
    }
}
