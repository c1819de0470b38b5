using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Section 3.1.2.10: Keep Alive.</summary>
public sealed class KeepAliveTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-22", "3.2.2-22")]
    [Clause(Old, "3.1.2-24")]
    public async Task A_silent_client_is_disconnected_after_one_and_a_half_times_its_keep_alive(ProtocolVersion version)
    {
        await using var silent = await ConnectAsync(Clean(version) with { KeepAliveSeconds = 1 });
        await using var unlimited = await ConnectAsync(Clean(version) with { KeepAliveSeconds = 0 });
        var started = TimeProvider.System.GetTimestamp();
        await silent.ExpectRefusalAsync(version, ReasonCode.KeepAliveTimeout);
        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(1));
        await unlimited.PingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-22")]
    [Clause(Old, "3.1.2-24")]
    public async Task What_the_broker_sends_does_not_keep_a_silent_client_alive(ProtocolVersion version)
    {
        await using var silent = await ConnectAsync(Clean(version) with { KeepAliveSeconds = 1 });
        await silent.SubscribeAsync(version, new SubscriptionRequest(Topic("a"), Qos0));
        await using var publisher = await ConnectAsync(version);
        var ended = silent.ExpectRefusalAsync(version, ReasonCode.KeepAliveTimeout);
        while (!ended.IsCompleted)
        {
            await publisher.PublishAsync(new Message(Topic("a"), "x", Qos1));
        }

        await ended;
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-22", "3.12.4-1")]
    [Clause(Old, "3.1.2-24", "3.12.4-1")]
    public async Task A_client_that_pings_is_kept(ProtocolVersion version)
    {
        await using var alive = await ConnectAsync(Clean(version) with { KeepAliveSeconds = 1 });
        for (var i = 0; i < 2; i++)
        {
            var passed = LetTimePassAsync();
            while (!passed.IsCompleted)
            {
                await alive.PingAsync();
            }

            await passed;
        }

        await alive.PingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.1.2-22")]
    [Clause(Old, "3.1.2-24")]
    public async Task Half_a_packet_is_no_sign_of_life(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(Clean(version) with { KeepAliveSeconds = 1 });
        await client.SendAsync((byte[])[0x30, 100, 0, 1]);
        await client.ExpectRefusalAsync(version, ReasonCode.KeepAliveTimeout);
    }
}
