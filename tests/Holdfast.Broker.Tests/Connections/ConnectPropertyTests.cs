using Holdfast.Broker.Health;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Connections;

/// <summary>What CONNECT asks for and CONNACK and DISCONNECT tell.</summary>
public sealed class ConnectPropertyTests
{
    [Theory]
    [InlineData(0, (ushort)60)]
    [InlineData(61, (ushort)60)]
    [InlineData(60, null)]
    [InlineData(30, null)]
    public async Task A_keep_alive_that_is_too_long_is_replaced_by_the_servers(ushort asked, ushort? told)
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { MaximumKeepAlive = TimeSpan.FromSeconds(60) });
        var client = await broker.ConnectAsync("client", with: packet => packet with { KeepAliveSeconds = asked });
        Assert.Equal(told, client.ConnAck.ServerKeepAliveSeconds);
        var limit = (told ?? asked) * 1.5;
        var started = broker.Time.GetUtcNow();
        await broker.AdvanceUntilAsync(() => client.Output.Closed.IsCompleted, "the silent client is closed");
        Assert.InRange(broker.Time.GetUtcNow() - started, TimeSpan.FromSeconds(limit), TimeSpan.FromSeconds(limit + 5));
        Assert.Equal(ReasonCode.KeepAliveTimeout, await client.DisconnectedByServerAsync());
    }

    [Fact]
    public async Task Without_a_bound_the_clients_keep_alive_counts()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client", with: packet => packet with { KeepAliveSeconds = 0 });
        Assert.Null(client.ConnAck.ServerKeepAliveSeconds);
    }

    [Theory]
    [InlineData("pump-7", true, "devices/pump-7/replies")]
    [InlineData("pump-7", false, null)]
    [InlineData("a/b", true, null)]
    [InlineData("+", true, null)]
    public async Task Response_information_names_the_clients_replies_when_asked_for(string clientId, bool asked, string? expected)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync(clientId, with: packet => packet with { RequestResponseInformation = asked });
        Assert.Equal(expected, client.ConnAck.ResponseInformation);
    }

    [Fact]
    public async Task A_reason_string_that_is_too_long_for_the_client_is_left_out_and_the_reason_is_not()
    {
        await using var broker = await TestBroker.StartAsync();
        var refused = broker.Open();
        var answer = await refused.ConnectAsync(Connect("refused") with { MaximumPacketSize = 20, AuthenticationMethod = "SCRAM" });
        Assert.Equal((ReasonCode.BadAuthenticationMethod, null), (answer.Reason, answer.ReasonString));

        var client = await broker.ConnectAsync("client", with: packet => packet with { MaximumPacketSize = 40 });
        await client.SendAsync([(byte)PacketType.Auth << 4, 0]);
        var disconnect = (await client.TakeAsync(PacketType.Disconnect)).Disconnect!;
        Assert.Equal((ReasonCode.ProtocolError, null), (disconnect.Reason, disconnect.ReasonString));

        var roomy = await broker.ConnectAsync("roomy");
        await roomy.SendAsync([(byte)PacketType.Auth << 4, 0]);
        Assert.NotEmpty((await roomy.TakeAsync(PacketType.Disconnect)).Disconnect!.ReasonString!);
    }

    [Fact]
    public async Task A_node_that_cannot_commit_sends_its_clients_to_the_other_server()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { ServerReference = "other.example:8883" });
        var client = await broker.ConnectAsync("client");
        broker.Log.Gate.Close();
        await broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Stalled, "a stall");
        var refused = await broker.Open().ConnectAsync(Connect("refused"));
        Assert.Equal((ReasonCode.UseAnotherServer, "other.example:8883"), (refused.Reason, refused.ServerReference));
        var old = await broker.Open(ProtocolVersion.Mqtt311).ConnectAsync(Connect("old") with { Version = ProtocolVersion.Mqtt311 });
        Assert.Equal(ReasonCode.ServerUnavailable, old.Reason);

        await broker.AdvanceUntilAsync(() => client.Output.Closed.IsCompleted, "the client is disconnected");
        var disconnect = (await client.TakeAsync(PacketType.Disconnect)).Disconnect!;
        Assert.Equal((ReasonCode.UseAnotherServer, "other.example:8883"), (disconnect.Reason, disconnect.ServerReference));
        broker.Log.Gate.Open();
    }

    [Fact]
    public async Task A_node_that_shuts_down_does_so_too_but_what_a_client_did_wrong_is_no_reason_to_move()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { ServerReference = "other.example:8883" });
        var wrong = await broker.ConnectAsync("wrong");
        await wrong.SendAsync([(byte)PacketType.Auth << 4, 0]);
        Assert.Null((await wrong.TakeAsync(PacketType.Disconnect)).Disconnect!.ServerReference);
        var client = await broker.ConnectAsync("client");
        await broker.DrainAsync();
        Assert.Equal(ReasonCode.UseAnotherServer, (await client.TakeAsync(PacketType.Disconnect)).Reason);
    }

    [Fact]
    public async Task A_session_without_expiry_gets_none_at_DISCONNECT()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("client", expirySeconds: 0);
        await client.SendAsync([(byte)PacketType.Disconnect << 4, 7, 0, 5, 17, 0, 0, 0, 1]);
        Assert.Equal(ReasonCode.ProtocolError, await client.DisconnectedByServerAsync());
    }

    [Fact]
    public async Task A_publish_that_has_to_wait_for_room_is_counted_once()
    {
        await using var broker = await TestBroker.StartAsync();
        using var received = new CounterReading(broker.Metrics.Received);
        var publisher = await broker.ConnectAsync("publisher");
        broker.Log.Gate.Close();
        var payload = new string('x', 200_000);
        var count = 0;
        var topic = TestBroker.TopicIn(0);
        while (publisher.Handle(publisher.EncodePublish(topic, payload, QualityOfService.AtLeastOnce, false, (ushort)(count + 1), false, null, null)) == Holdfast.Broker.Connections.PacketOutcome.Continue)
        {
            count++;
            Assert.True(count < 1000, "The log never fills.");
        }

        broker.Log.Gate.Open();
        await publisher.PublishAndWaitAsync(topic, payload);
        await publisher.PingAsync();
        Assert.Equal(count + 1, received.Total);
    }

    private static ConnectPacket Connect(string clientId) => new() { Version = ProtocolVersion.Mqtt5, ClientId = clientId, CleanStart = true };
}
