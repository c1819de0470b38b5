using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Sections 3.12 and 3.13: PINGREQ and PINGRESP.</summary>
public sealed class PingTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "3.12.4-1")]
    [Clause(Old, "3.12.4-1")]
    public async Task Every_ping_is_answered(ProtocolVersion version)
    {
        await using var client = await ConnectAsync(version);
        await client.SendHexAsync("C000 C000 C000");
        for (var i = 0; i < 3; i++)
        {
            var answer = await client.ReceiveAsync(PacketType.PingResp);
            Assert.Equal((0, 0), (answer.Flags, answer.Body.Length));
        }
    }
}
