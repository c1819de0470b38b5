using Holdfast.Broker.Tests.Harness;
using Holdfast.Broker.Tests.Identities;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Connections;

/// <summary>When a connection is looked at for silence, and what comes of it. All clocks are turned by the tests.</summary>
public sealed class SilenceTests
{
    private static readonly TimeSpan PacketDeadline = new BrokerOptions().PacketDeadline;

    [Fact]
    public async Task Who_has_not_connected_is_looked_at_again_soon()
    {
        await using var broker = await TestBroker.StartAsync();

        Assert.Equal(TimeSpan.Zero, broker.Open().Connection.CheckSilence());
    }

    [Fact]
    public async Task A_client_that_keeps_itself_alive_is_looked_at_when_it_may_have_been_silent_for_too_long()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", with: packet => packet with { KeepAliveSeconds = 20 });
        Assert.Equal(TimeSpan.FromSeconds(30), client.Connection.CheckSilence());

        broker.Time.Advance(TimeSpan.FromSeconds(12));
        Assert.Equal(TimeSpan.FromSeconds(18), client.Connection.CheckSilence());
        await client.PingAsync();
        Assert.Equal(TimeSpan.FromSeconds(30), client.Connection.CheckSilence());

        // The node itself looks, and it is in time after several pings too.
        for (var ping = 0; ping < 5; ping++)
        {
            broker.Time.Advance(TimeSpan.FromSeconds(20));
            await client.PingAsync();
        }

        var heard = broker.Time.GetUtcNow();
        await broker.AdvanceUntilAsync(() => client.Output.Closed.IsCompleted, "closed");
        Assert.Equal(ReasonCode.KeepAliveTimeout, await client.DisconnectedByServerAsync());
        Assert.InRange(broker.Time.GetUtcNow() - heard, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Who_needs_no_keep_alive_is_looked_at_in_time_for_a_packet_that_is_never_complete()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        Assert.Equal(PacketDeadline, client.Connection.CheckSilence());

        broker.Time.Advance(TimeSpan.FromMinutes(1));
        await client.Connection.EndOfReadAsync(isInsidePacket: true);
        broker.Time.Advance(TimeSpan.FromMinutes(1));
        await client.Connection.EndOfReadAsync(isInsidePacket: true);
        Assert.Equal(PacketDeadline - TimeSpan.FromMinutes(1), client.Connection.CheckSilence());

        broker.Time.Advance(PacketDeadline);
        Assert.Equal(ReasonCode.KeepAliveTimeout, await client.DisconnectedByServerAsync());
    }

    [Fact]
    public async Task Who_is_not_read_because_of_the_server_is_not_silent()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", with: packet => packet with { KeepAliveSeconds = 20 });

        client.Connection.IsHeld = true;
        broker.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(TimeSpan.FromSeconds(30), client.Connection.CheckSilence());

        client.Connection.IsHeld = false;
        broker.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromSeconds(20), client.Connection.CheckSilence());
    }

    [Fact]
    public async Task A_key_that_is_to_end_earlier_than_before_ends_the_connection_then()
    {
        await using var world = await Registered.StartAsync();
        var device = await world.ConnectAsync("d", await world.AddDeviceAsync("d"));
        await world.Broker.AdvanceUntilAsync(() => device.Connection.CheckSilence() > TimeSpan.FromMinutes(4), "looked at");
        world.Broker.Time.Advance(TimeSpan.FromSeconds(2));

        await world.Administration.RotateDeviceAsync("p", "d", TimeSpan.FromMinutes(1));
        var rotated = world.Broker.Time.GetUtcNow();
        await world.Broker.AdvanceUntilAsync(() => device.Output.Closed.IsCompleted, "closed");

        Assert.Equal(ReasonCode.MaximumConnectTime, await device.DisconnectedByServerAsync());
        Assert.InRange(world.Broker.Time.GetUtcNow() - rotated, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Places_of_connections_that_have_ended_are_given_to_others()
    {
        await using var broker = await TestBroker.StartAsync();
        var clients = Enumerable.Range(0, 200).Select(_ => broker.Open()).ToList();
        Assert.Equal(200, broker.Node.ConnectionCount);

        foreach (var client in clients.Where((_, index) => index % 2 == 0))
        {
            await client.LoseAsync();
            await broker.Node.EndAsync(client.Connection);
        }

        Assert.Equal(100, broker.Node.ConnectionCount);
        var others = Enumerable.Range(0, 50).Select(_ => broker.Open()).ToList();
        await broker.Node.EndAsync(clients[0].Connection);
        Assert.Equal(150, broker.Node.ConnectionCount);

        // All that are left are looked at: none of them has connected in time.
        broker.Time.Advance(new BrokerOptions().ConnectDeadline);
        await broker.AdvanceUntilAsync(() => clients.Where((_, index) => index % 2 == 1).Concat(others).All(client => client.Output.Closed.IsCompleted), "all closed");
    }

    [Fact]
    public async Task Who_takes_the_place_of_another_is_looked_at_at_its_own_time()
    {
        await using var broker = await TestBroker.StartAsync();
        var patient = await broker.ConnectAsync("patient");
        var client = await broker.ConnectAsync("c", with: packet => packet with { KeepAliveSeconds = 20 });
        var heard = broker.Time.GetUtcNow();

        // Both have been looked at; the first need not be for minutes.
        await broker.AdvanceUntilAsync(() => broker.Time.GetUtcNow() - heard > TimeSpan.FromSeconds(3), "looked at");
        await patient.LoseAsync();
        await broker.AdvanceUntilAsync(() => client.Output.Closed.IsCompleted, "closed");

        Assert.InRange(broker.Time.GetUtcNow() - heard, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60));
    }
}
