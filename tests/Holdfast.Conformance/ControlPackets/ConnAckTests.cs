using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Section 3.2: CONNACK.</summary>
public sealed class ConnAckTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.4-4", "3.1.4-5", "3.2.0-1", "3.2.2-2")]
    [Clause(Old, "3.1.4-3", "3.1.4-4", "3.2.0-1", "3.2.2-1")]
    public async Task A_clean_start_is_answered_with_success_and_no_session(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(Clean(version), sessionPresent: false);
        await client.PingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.2.2-1", "3.2.2-3")]
    [Clause(Old, "3.2.2-2", "3.2.2-3")]
    public async Task The_flags_say_whether_there_was_a_session_and_nothing_else(ProtocolVersion version)
    {
        var session = Kept(version);
        foreach (byte flags in new byte[] { 0, 1 })
        {
            await using var client = await OpenAsync(version);
            await client.SendAsync(destination => PacketEncoder.Write(session, destination));
            var answer = await client.ReceiveAsync(PacketType.ConnAck);
            Assert.Equal(0, answer.Flags);
            Assert.Equal([flags, 0], answer.Body[..2]);
            await client.DisconnectAsync(version);
        }
    }

    [Fact]
    [Clause(New, "3.2.2-9", "3.2.2-10", "3.2.2-12")]
    public async Task The_highest_quality_is_what_the_server_says()
    {
        await using var client = await OpenAsync(New);
        var maximum = (await client.ConnectAsync(Clean(New))).MaximumQualityOfService ?? Qos2;
        await client.SubscribeAsync(New, new SubscribePacket { PacketId = client.NextPacketId(), Requests = [new(Topic("a"), Qos2)] });
        await client.PublishAsync(new Message(Topic("a"), "x", maximum));
        Assert.Equal(maximum, (await client.ExpectAsync(Topic("a"), "x")).Quality);
        foreach (var quality in new[] { Qos0, Qos1, Qos2 })
        {
            await using var testator = await OpenAsync(New);
            var will = new Will { Topic = Topic("will"), Payload = "x"u8.ToArray(), QualityOfService = quality };
            var answer = await testator.ConnectAsync(Clean(New) with { Will = will });
            Assert.Equal(quality <= maximum, answer.Reason == ReasonCode.Success);
        }
    }

    [Fact]
    [Clause(New, "3.2.2-13")]
    public async Task Retaining_is_available_if_the_server_says_so()
    {
        await using var client = await OpenAsync(New);
        var isAvailable = (await client.ConnectAsync(Clean(New))).RetainAvailable ?? true;
        await using var testator = await OpenAsync(New);
        var will = new Will { Topic = Topic("will"), Payload = "x"u8.ToArray(), Retain = true };
        var answer = await testator.ConnectAsync(Clean(New) with { Will = will });
        Assert.Equal(isAvailable, answer.Reason == ReasonCode.Success);
    }

    [Fact]
    [Clause(New, "3.1.2-28")]
    public async Task Response_information_is_given_to_those_only_who_ask()
    {
        await using var silent = await OpenAsync(New);
        Assert.Null((await silent.ConnectAsync(Clean(New))).ResponseInformation);
        await using var curious = await OpenAsync(New);
        Assert.Equal(ReasonCode.Success, (await curious.ConnectAsync(Clean(New) with { RequestResponseInformation = true })).Reason);
    }

    [Fact]
    [Clause(New, "4.12.0-6")]
    public async Task A_client_without_authentication_method_hears_of_none()
    {
        await using var client = await OpenAsync(New);
        var answer = await client.ConnectAsync(Clean(New));
        Assert.Null(answer.AuthenticationMethod);
        Assert.Null(answer.AuthenticationData);
    }
}
