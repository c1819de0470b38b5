using System.Text;
using Holdfast.Broker;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Transport.Tests;

public abstract class ClosingTests(Carrier carrier)
{
    [Fact]
    public async Task The_reason_arrives_although_the_client_keeps_sending()
    {
        await using var server = await TestServer.StartAsync(carrier: carrier);
        using var client = await RawClient.ConnectAsync(server, "client");

        // A second CONNECT is refused; what follows is read and thrown away, so no reset overtakes the reason.
        await client.SendAsync(RawClient.Connect("client"));
        var filler = RawClient.Publish("a", new byte[10_000]);
        for (var count = 0; count < 2000; count++)
        {
            // More than the sockets hold.
            await client.SendAsync(filler);
        }

        Assert.Equal(ReasonCode.ProtocolError, await client.ReadDisconnectAsync());
    }

    [Fact]
    public async Task A_refused_CONNECT_hears_the_reason_and_the_end()
    {
        await using var server = await TestServer.StartAsync(carrier: carrier);
        using var client = await RawClient.OpenAsync(server);
        await client.SendAsync(RawClient.Connect(new string('x', 2000)));
        var (header, body) = await client.ReadAsync();
        Assert.Equal((PacketType.ConnAck, (byte)ReasonCode.ClientIdentifierNotValid), (header.Type, body[1]));
        Assert.Null(await client.TryReadAsync());
    }

    [Fact]
    public async Task Connections_that_send_nothing_are_closed_and_let_go_even_when_they_stay()
    {
        var time = new FakeTimeProvider();
        await using var server = await TestServer.StartAsync(new BrokerOptions { ConnectDeadline = TimeSpan.FromSeconds(2) }, time, carrier: carrier);
        var clients = new List<RawClient>();
        for (var count = 0; count < 200; count++)
        {
            clients.Add(await RawClient.OpenAsync(server));
        }

        await server.UntilConnectionsAsync(200);
        var ends = clients.Select(client => client.TryReadAsync()).ToList();
        Assert.DoesNotContain(ends, end => end.IsCompleted);

        // They have heard the end and do not answer it; after the linger time they are cut.
        await server.UntilConnectionsAsync(0, () => time.Advance(TimeSpan.FromSeconds(0.5)));
        foreach (var end in ends)
        {
            Assert.Null(await end);
        }

        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_silent_peer_is_let_go_after_its_keep_alive_and_its_will_is_published()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await TestServer.StartAsync(time: time, carrier: carrier);
        using var watcher = await RawClient.ConnectAsync(server, "watcher");
        await watcher.SubscribeAsync("will", QualityOfService.AtLeastOnce);
        using var silent = await RawClient.OpenAsync(server);
        await silent.SendAsync(RawClient.Connect("silent", keepAliveSeconds: 4, will: new Will { Topic = "will", Payload = Encoding.UTF8.GetBytes("gone") }));
        await silent.ReadAsync();

        // A pulled cable: it neither sends nor answers the end of the connection.
        await server.UntilConnectionsAsync(1, () => time.Advance(TimeSpan.FromSeconds(0.5)));
        Assert.Equal("gone", Encoding.UTF8.GetString((await watcher.ReadPublishAsync()).Payload));
    }

    [Fact]
    public async Task A_peer_that_neither_reads_nor_ends_is_cut()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await TestServer.StartAsync(time: time, carrier: carrier);
        using var deaf = await RawClient.ConnectAsync(server, "deaf", receiveBufferBytes: 4096, keepAliveSeconds: 4);
        await deaf.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        using var publisher = await RawClient.ConnectAsync(server, "publisher");
        for (ushort packetId = 1; packetId <= 50; packetId++)
        {
            await publisher.SendAsync(RawClient.Publish("a", new byte[200_000], QualityOfService.AtLeastOnce, packetId));
            await publisher.ReadAsync();
        }

        // Cut, not only let go: else its socket would stay for as long as it does not read.
        await server.UntilSocketsAsync(1, () => time.Advance(TimeSpan.FromSeconds(0.5)));
    }
}

public sealed class ClosingOverTcpTests() : ClosingTests(Carrier.Tcp);

public sealed class ClosingOverTlsTests() : ClosingTests(Carrier.Tls);

public sealed class ClosingOverWebSocketTests() : ClosingTests(Carrier.WebSocket);

public sealed class ClosingOverWebSocketOverTlsTests() : ClosingTests(Carrier.WebSocketOverTls);
