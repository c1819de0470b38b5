using Holdfast.Broker.Tests.Harness;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class RestartTests
{
    [Fact]
    public async Task A_session_that_returned_and_stayed_longer_than_its_expiry_survives_a_crash()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client", expirySeconds: 60);
        await client.SubscribeAsync("a");
        await client.LoseAsync();
        client = await broker.ConnectAsync("client", expirySeconds: 60);
        Assert.True(client.ConnAck.SessionPresent);
        broker.Time.Advance(TimeSpan.FromMinutes(10));
        await broker.PublishAsync("a", "1");
        await broker.CrashAsync();

        broker.Time.Advance(TimeSpan.FromSeconds(5));
        await broker.PublishAsync("a", "2");
        client = await broker.ConnectAsync("client", expirySeconds: 60);
        Assert.True(client.ConnAck.SessionPresent);
        await client.MessageAsync("1");
        await client.MessageAsync("2");
    }
}
