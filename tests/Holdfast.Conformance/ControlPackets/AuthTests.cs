using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.ControlPackets;

/// <summary>Sections 3.15 and 4.12: AUTH and extended authentication.</summary>
public sealed class AuthTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Fact]
    [Clause(New, "3.1.4-2", "3.2.2-6", "3.2.2-7", "4.12.0-1", "4.12.0-4", "4.13.2-1")]
    public async Task An_unknown_authentication_method_is_refused()
    {
        await using var client = await OpenAsync(New);
        var answer = await client.ConnectAsync(Clean(New) with { AuthenticationMethod = "no such method", AuthenticationData = new byte[] { 1 } });
        Assert.True(answer.Reason is ReasonCode.BadAuthenticationMethod or ReasonCode.NotAuthorized);
        Assert.False(answer.SessionPresent);
        await client.ExpectEndAsync();
    }

    [Fact]
    [Clause(New, "4.12.0-7", "4.12.1-2")]
    public async Task Reauthentication_without_a_method_is_a_protocol_error()
    {
        await using var client = await ConnectAsync(New);
        await client.SendAsync(destination => PacketEncoder.Write(
            new AuthPacket { Reason = ReasonCode.Reauthenticate, AuthenticationMethod = "no such method" }, destination));
        await client.ExpectRefusalAsync(New, ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData("F100", "a flag")]
    [InlineData("F002 01 00", "a reason that it does not have")]
    [InlineData("F002 18 00", "no method")]
    [Clause(New, "3.15.1-1", "3.15.2-1")]
    public async Task An_auth_out_of_format_ends_the_connection(string hex, string what)
    {
        await using var client = await ConnectAsync(New);
        await client.SendHexAsync(hex);
        await client.ExpectErrorAsync(what);
    }
}
