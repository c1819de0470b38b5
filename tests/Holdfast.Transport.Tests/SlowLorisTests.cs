using System.Text;
using Holdfast.Broker;
using Holdfast.Mqtt;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Transport.Tests;

/// <summary>Peers that never finish their CONNECT.</summary>
public sealed class SlowLorisTests
{
    private const int Peers = 1000;

    [Fact]
    public async Task A_thousand_peers_that_send_CONNECT_byte_by_byte_delay_nobody_and_are_closed_at_the_deadline()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await TestServer.StartAsync(new BrokerOptions { ConnectDeadline = TimeSpan.FromSeconds(4) }, time);
        using var publisher = await RawClient.ConnectAsync(server, "publisher");
        var peers = new List<RawClient>();
        for (var count = 0; count < Peers; count++)
        {
            peers.Add(await RawClient.OpenAsync(server));
        }

        await server.UntilConnectionsAsync(Peers + 1);
        var connect = RawClient.Connect("a client identifier that takes its time");
        for (ushort step = 0; step < 8; step++)
        {
            foreach (var peer in peers)
            {
                await peer.SendAsync(connect.AsMemory(step, 1));
            }

            // Everybody else is served as if they were not there.
            var packetId = (ushort)(step + 1);
            await publisher.SendAsync(RawClient.Publish("devices/pump/events/pressure", Encoding.UTF8.GetBytes("9.6"), QualityOfService.AtLeastOnce, packetId));
            Assert.Equal(PacketType.PubAck, (await publisher.ReadAsync()).Header.Type);
            time.Advance(TimeSpan.FromSeconds(0.25));
        }

        // Progress within a CONNECT is no excuse: the deadline counts from the beginning.
        await server.UntilConnectionsAsync(1, () => time.Advance(TimeSpan.FromSeconds(0.5)));
        foreach (var peer in peers)
        {
            Assert.Null(await peer.TryReadAsync());
            peer.Dispose();
        }

        await publisher.SendAsync(RawClient.Ping());
        Assert.Equal(PacketType.PingResp, (await publisher.ReadAsync()).Header.Type);
    }
}
