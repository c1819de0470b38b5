using Holdfast.Broker.Health;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class SessionLifetimeTests
{
    [Fact]
    public async Task A_session_ends_when_its_client_has_not_come_back_in_time()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client", expirySeconds: 60);
        await client.SubscribeAsync("a");
        await client.LoseAsync();
        broker.Time.Advance(TimeSpan.FromSeconds(59));
        client = await broker.ConnectAsync("client", expirySeconds: 60);
        Assert.True(client.ConnAck.SessionPresent);
        await client.LoseAsync();
        await AdvanceAsync(broker, TimeSpan.FromSeconds(62));
        await UntilRemovedAsync(broker, "client");
        client = await broker.ConnectAsync("client");
        Assert.False(client.ConnAck.SessionPresent);
    }

    [Fact]
    public async Task Nothing_expires_while_nobody_can_come_back()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client", expirySeconds: 60);
        await client.LoseAsync();
        broker.Log.Gate.Close();
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Stalled, "a stall");
        await AdvanceAsync(broker, TimeSpan.FromSeconds(120));
        Assert.NotNull(await broker.Stores.FindSessionAsync("client"));
        broker.Log.Gate.Open();
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Committing, "the end of the stall");
    }

    [Fact]
    public async Task A_session_without_expiry_ends_with_its_connection()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client", expirySeconds: 0);
        await client.SubscribeAsync("a");
        await client.LoseAsync();
        Assert.Null(await broker.Stores.FindSessionAsync("client"));
        Assert.False((await broker.ConnectAsync("client", expirySeconds: 0)).ConnAck.SessionPresent);
    }

    [Fact]
    public async Task DISCONNECT_may_shorten_the_life_of_the_session_and_not_begin_one()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client", expirySeconds: 60);
        await client.DisconnectAsync(expirySeconds: 0);
        Assert.Null(await broker.Stores.FindSessionAsync("client"));
        client = await broker.ConnectAsync("client", expirySeconds: 0);
        Assert.False(client.ConnAck.SessionPresent);
        await client.SendAsync([0xE0, 7, 0, 5, 0x11, 0, 0, 0, 60]);
        Assert.Equal(ReasonCode.ProtocolError, await client.DisconnectedByServerAsync());
    }

    [Fact]
    public async Task A_longer_expiry_than_the_server_grants_is_answered_with_what_it_grants()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { MaximumSessionExpiry = TimeSpan.FromSeconds(100) });
        Assert.Equal(100u, (await broker.ConnectAsync("client", expirySeconds: uint.MaxValue)).ConnAck.SessionExpirySeconds);
        Assert.Null((await broker.ConnectAsync("client", expirySeconds: 100)).ConnAck.SessionExpirySeconds);
    }

    [Fact]
    public async Task There_is_room_for_a_session_again_when_the_store_has_room_again()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client", expirySeconds: 60);
        await client.SubscribeAsync("a");
        await client.LoseAsync();
        broker.State.Failure = new Holdfast.Log.State.StateStoreFullException("No room.", new IOException());
        foreach (var clientId in (string[])["client", "another"])
        {
            var refused = broker.Open();
            var connAck = await refused.ConnectAsync(new Mqtt.Packets.ConnectPacket { Version = ProtocolVersion.Mqtt5, ClientId = clientId, SessionExpirySeconds = 60 });
            Assert.Equal(ReasonCode.QuotaExceeded, connAck.Reason);
            await refused.LoseAsync();
        }

        broker.State.Failure = null;
        await broker.PublishAsync("a", "1");
        client = await broker.ConnectAsync("client", expirySeconds: 60);
        Assert.True(client.ConnAck.SessionPresent);
        await client.MessageAsync("1");
        Assert.False((await broker.ConnectAsync("another", expirySeconds: 60)).ConnAck.SessionPresent);
    }

    private static async Task AdvanceAsync(TestBroker broker, TimeSpan time)
    {
        var end = broker.Time.GetUtcNow() + time;
        await broker.AdvanceUntilAsync(
            () =>
            {
                broker.Time.Advance(TimeSpan.FromSeconds(1));
                return broker.Time.GetUtcNow() >= end;
            },
            "time");
    }

    private static async Task UntilRemovedAsync(TestBroker broker, string clientId)
    {
        while (await broker.Stores.FindSessionAsync(clientId) is not null)
        {
            await AdvanceAsync(broker, TimeSpan.FromSeconds(1));
        }
    }
}
