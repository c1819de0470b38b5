using System.Text;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Nodes;

public sealed class TakeOverTests
{
    [Fact]
    public async Task The_old_connection_hears_why_and_the_session_goes_on_with_the_new_one()
    {
        await using var broker = await TestBroker.StartAsync();
        var old = await broker.ConnectAsync("client");
        await old.SubscribeAsync("a");
        var current = await broker.ConnectAsync("client");
        Assert.True(current.ConnAck.SessionPresent);
        Assert.Equal(ReasonCode.SessionTakenOver, await old.DisconnectedByServerAsync());
        await broker.PublishAsync("a", "1");
        await current.MessageAsync("1");
    }

    /// <summary>The old connection ends late: by the network, by its keep-alive, or by a DISCONNECT that was on its way.</summary>
    [Theory]
    [InlineData("lost")]
    [InlineData("silent")]
    [InlineData("disconnect")]
    public async Task The_end_of_the_old_connection_does_not_touch_the_new_one(string end)
    {
        await using var broker = await TestBroker.StartAsync();
        using var wills = new CounterReading(broker.Metrics.WillsPublished);
        var old = await broker.ConnectAsync("client", with: packet => packet with { KeepAliveSeconds = 10 });
        await old.SubscribeAsync("a");
        var current = await broker.ConnectAsync("client", with: packet => packet with { Will = Will("current", delaySeconds: 0) });
        switch (end)
        {
            case "silent":
                broker.Time.Advance(TimeSpan.FromSeconds(30));
                break;
            case "disconnect":
                await old.SendAsync([0xE0, 7, 0, 5, 0x11, 0, 0, 0, 0]);
                break;
        }

        await old.LoseAsync();
        await broker.PublishAsync("a", "1");
        await current.MessageAsync("1");
        Assert.Equal(0, wills.Total);
        Assert.Null((await broker.Stores.FindSessionAsync("client"))!.DisconnectedAt);

        // The new connection's own end is its end.
        await current.LoseAsync();
        await Limit.UntilAsync(() => wills.Total == 1, "the will of the new connection");
        Assert.True((await broker.ConnectAsync("client")).ConnAck.SessionPresent);
    }

    /// <summary>What is stored of a session counts by its epoch, and a session that was connected often has a high one.</summary>
    [Fact]
    public async Task A_clean_start_after_many_connections_is_what_the_store_remembers()
    {
        await using var broker = await TestBroker.StartAsync();
        for (var count = 0; count < 3; count++)
        {
            var old = await broker.ConnectAsync("client");
            await old.SubscribeAsync("old");
            await old.LoseAsync();
        }

        var current = await broker.ConnectAsync("client", cleanStart: true);
        Assert.Equal([ReasonCode.GrantedQos1], (await current.SubscribeAsync("new")).Reasons);
        await broker.CrashAsync();
        await broker.PublishAsync("old", "of the session that was discarded");
        await broker.PublishAsync("new", "1");

        var again = await broker.ConnectAsync("client");
        Assert.True(again.ConnAck.SessionPresent);
        await again.MessageAsync("1");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3600)]
    public async Task A_session_that_a_clean_start_has_taken_from_a_standing_connection_does_not_come_back(uint expirySeconds)
    {
        await using var broker = await TestBroker.StartAsync();
        var old = await broker.ConnectAsync("client");
        await old.SubscribeAsync("old");
        var current = await broker.ConnectAsync("client", expirySeconds, cleanStart: true);
        await old.LoseAsync();
        await current.PingAsync();

        await broker.CrashAsync();
        await broker.PublishAsync("old", "of the session that was discarded");
        var again = await broker.ConnectAsync("client");
        Assert.Equal(expirySeconds > 0, again.ConnAck.SessionPresent);
        await again.AssertNothingCameAsync();
    }

    [Fact]
    public async Task The_will_of_the_connection_that_is_taken_over_is_published_unless_it_may_wait()
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync("will");
        await broker.ConnectAsync("client", with: packet => packet with { Will = Will("at once", delaySeconds: 0) });
        await broker.ConnectAsync("client", with: packet => packet with { Will = Will("may wait", delaySeconds: 10) });
        await watcher.MessageAsync("at once");
        await broker.ConnectAsync("client");
        broker.Time.Advance(TimeSpan.FromMinutes(1));
        await broker.PublishAsync("will", "last");
        await watcher.MessageAsync("last");
    }

    [Fact]
    public async Task A_clean_start_ends_the_old_session_with_its_will()
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync("will");
        var old = await broker.ConnectAsync("client", with: packet => packet with { Will = Will("ended", delaySeconds: 100) });
        await old.SubscribeAsync("a");
        var current = await broker.ConnectAsync("client", cleanStart: true);
        Assert.False(current.ConnAck.SessionPresent);
        await broker.PublishAsync("a", "1");
        await current.AssertNothingCameAsync();
        await old.LoseAsync();
        Assert.True((await broker.ConnectAsync("client")).ConnAck.SessionPresent);
    }

    /// <summary>Many connections fight for one session while its row is slow to store: at the end one has it, and it works.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task One_of_many_at_once_has_the_session(int seed)
    {
        var random = new Random(seed);
        await using var broker = await TestBroker.StartAsync();
        var first = await broker.ConnectAsync("client");
        await first.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        broker.Stores.SessionGate = gate.Task;
        var clients = Enumerable.Range(0, 20).Select(_ => broker.Open()).ToList();
        var connecting = clients.Select(client => Task.Run(
            () => client.SendAsync(RawConnect("client")), TestContext.Current.CancellationToken)).ToList();
        var lost = clients.Where(_ => random.Next(3) == 0).ToHashSet();
        var losing = lost.Select(client => client.LoseAsync()).ToList();
        gate.SetResult();
        await Task.WhenAll(connecting).Within();
        await Task.WhenAll(losing).Within();

        var last = await broker.ConnectAsync("client");
        Assert.True(last.ConnAck.SessionPresent);
        foreach (var client in clients.Where(client => !lost.Contains(client)))
        {
            await client.Output.Closed.Within();
            await client.LoseAsync();
        }

        await broker.PublishAsync("a", "1");
        await broker.PublishAsync("a", "2");
        await last.MessageAsync("1");
        await last.MessageAsync("2");
    }

    private static byte[] RawConnect(string clientId)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        PacketEncoder.Write(new ConnectPacket { Version = ProtocolVersion.Mqtt5, ClientId = clientId, SessionExpirySeconds = 3600 }, bytes);
        return bytes.WrittenSpan.ToArray();
    }

    private static Will Will(string payload, uint delaySeconds) => new()
    {
        Topic = "will", Payload = Encoding.UTF8.GetBytes(payload), QualityOfService = QualityOfService.AtLeastOnce, DelaySeconds = delaySeconds,
    };
}
