using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>Retained messages on their way to a session that goes to another node.</summary>
public sealed class RetainedTravelTests : IAsyncLifetime
{
    private static readonly string[] Payloads = [.. Enumerable.Range(0, 10).Select(number => $"{number}")];

    private SessionCluster _cluster = null!;
    private TestNode _a = null!;
    private TestNode _b = null!;
    private TestClient _publisher = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await SessionCluster.StartAsync();
        (_a, _b) = (await _cluster.AddAsync("a"), await _cluster.AddAsync("b"));
        _publisher = await _b.ConnectAsync("publisher");
        foreach (var payload in Payloads)
        {
            await _publisher.PublishAndWaitAsync($"r/{payload}", payload, retain: true);
        }
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData(Move.TakeOver)]
    [InlineData(Move.Reconnect)]
    [InlineData(Move.Crash)]
    public async Task They_arrive_although_the_session_moves_in_the_middle(Move move)
    {
        var client = await ConnectAsync(receiveMaximum: 3);
        await client.SubscribeAsync("r/#");
        await client.AnswerAsync(await client.MessageAsync());
        await client.MessageAsync();

        client = await client.MoveAsync(move, _a, _b, "c");

        var received = new HashSet<string>();
        while (received.Count < Payloads.Length)
        {
            var message = await client.MessageAsync();
            Assert.True(message.Retain, "it is sent as retained");
            received.Add(message.Payload);
            await client.AnswerAsync(message);
        }

        Assert.Equal(Payloads, received.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(Move.TakeOver)]
    [InlineData(Move.Crash)]
    public async Task Those_that_have_arrived_do_not_come_again(Move move)
    {
        var client = await ConnectAsync(receiveMaximum: 3);
        await client.SubscribeAsync("r/#");
        for (var count = 0; count < Payloads.Length; count++)
        {
            await client.AnswerAsync(await client.MessageAsync());
        }

        await _a.Marks.RunOnceAsync();
        await _a.Marks.RunOnceAsync();
        client = await client.MoveAsync(move, _a, _b, "c");

        await _publisher.PublishAndWaitAsync("r/after", "after");
        await client.MessageAsync("after");
    }

    private async Task<TestClient> ConnectAsync(ushort receiveMaximum)
    {
        var client = _a.Open();
        var packet = new ConnectPacket { Version = ProtocolVersion.Mqtt5, ClientId = "c", SessionExpirySeconds = 3600, ReceiveMaximum = receiveMaximum };
        Assert.Equal(ReasonCode.Success, (await client.ConnectAsync(packet)).Reason);
        return client;
    }
}
