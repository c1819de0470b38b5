using Holdfast.Broker;
using Holdfast.Broker.Limits;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Transport.Tests;

/// <summary>Every limit of a product or a listener, as a client meets it.</summary>
public sealed class LimitTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Of_connections_one_too_many_is_refused_but_not_who_replaces_his_own()
    {
        await using var server = await StartAsync(new ClientLimits { Connections = 2 });
        using var first = await RawClient.ConnectAsync(server, "first");
        using var second = await RawClient.ConnectAsync(server, "second");

        Assert.Equal(ReasonCode.QuotaExceeded, await TryAsync(server, "third"));
        Assert.Equal(ReasonCode.Success, await TryAsync(server, "second"));
        Assert.Equal(ReasonCode.SessionTakenOver, await second.ReadDisconnectAsync());
        await server.UntilConnectionsAsync(1);
        Assert.Equal(ReasonCode.Success, await TryAsync(server, "third"));
    }

    [Fact]
    public async Task A_client_of_3_1_1_that_is_one_too_many_is_told_that_the_server_is_unavailable()
    {
        await using var server = await TestServer.StartAsync(limits: new ClientLimits { Connections = 1 });
        using var first = await RawClient.ConnectAsync(server, "first");

        using var second = await RawClient.OpenAsync(server);
        await second.SendAsync(Encoded(new ConnectPacket { Version = ProtocolVersion.Mqtt311, ClientId = "second", CleanStart = true }));
        var (header, body) = await second.ReadAsync();

        Assert.Equal((PacketType.ConnAck, 3), (header.Type, body[1]));
    }

    [Fact]
    public async Task Who_connects_too_often_waits_for_his_turn_and_is_refused_when_that_is_far()
    {
        await using var server = await StartAsync(new ClientLimits { ConnectRate = 1 });
        var answers = Enumerable.Range(0, 7).Select(number => TryAsync(server, $"client-{number}")).ToList();

        // Without time passing one has his turn at once, and one would have to wait for longer than five seconds.
        var early = new List<Task<ReasonCode>>();
        for (var count = 0; count < 2; count++)
        {
            var next = await Task.WhenAny(answers.Except(early)).WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);
            early.Add(next);
        }

        await AdvanceUntilAsync(Task.WhenAll(answers));
        var reasons = await Task.WhenAll(answers);
        Assert.Equal(6, reasons.Count(reason => reason == ReasonCode.Success));
        Assert.Equal(ReasonCode.ConnectionRateExceeded, Assert.Single(reasons, reason => reason != ReasonCode.Success));
    }

    [Fact]
    public async Task A_listener_accepts_connections_at_its_rate()
    {
        await using var server = await TestServer.StartAsync(time: _time, limits: new ClientLimits { ConnectRate = 1 });
        var opened = new List<RawClient>();
        for (var count = 0; count < 5; count++)
        {
            opened.Add(await RawClient.OpenAsync(server));
        }

        await server.UntilConnectionsAsync(2);
        var before = _time.GetUtcNow();
        await server.UntilConnectionsAsync(5, () => _time.Advance(TimeSpan.FromMilliseconds(100)));

        Assert.True(_time.GetUtcNow() - before >= TimeSpan.FromSeconds(3));
        opened.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Who_publishes_too_fast_is_not_read_until_it_is_time()
    {
        await using var server = await StartAsync(new ClientLimits { PublishRate = 1 });
        using var client = await RawClient.ConnectAsync(server, "client");
        var before = _time.GetUtcNow();
        for (ushort packetId = 1; packetId <= 4; packetId++)
        {
            await client.SendAsync(RawClient.Publish("a", "x"u8, QualityOfService.AtLeastOnce, packetId));
        }

        Assert.Equal(PacketType.PubAck, (await client.ReadAsync()).Header.Type);
        Assert.Equal(PacketType.PubAck, (await client.ReadAsync()).Header.Type);
        await AdvanceUntilAsync(client.ReadAsync());
        await AdvanceUntilAsync(client.ReadAsync());

        Assert.True(_time.GetUtcNow() - before >= TimeSpan.FromSeconds(2));
        await client.SendAsync(RawClient.Ping());
        await AdvanceUntilAsync(client.ReadAsync());
    }

    [Fact]
    public async Task Who_would_have_to_wait_for_too_long_is_disconnected()
    {
        await using var server = await StartAsync(new ClientLimits { PublishBytes = 1000 });
        using var client = await RawClient.ConnectAsync(server, "client");

        await client.SendAsync(RawClient.Publish("a", new byte[50_000]));

        Assert.Equal(ReasonCode.MessageRateTooHigh, await client.ReadDisconnectAsync());
    }

    [Fact]
    public async Task A_subscription_too_many_is_refused_and_the_others_stay()
    {
        await using var server = await StartAsync(new ClientLimits { Subscriptions = 1 });
        using var client = await RawClient.ConnectAsync(server, "client");
        await client.SubscribeAsync("a", QualityOfService.AtMostOnce);

        await client.SendAsync(RawClient.Subscribe("b", QualityOfService.AtMostOnce));

        Assert.Equal((byte)ReasonCode.QuotaExceeded, (await client.ReadAsync()).Body[^1]);
        await client.SendAsync(RawClient.Publish("a", "x"u8));
        Assert.Equal("x"u8.ToArray(), (await client.ReadPublishAsync()).Payload);
    }

    [Fact]
    public async Task The_largest_packet_and_the_messages_in_flight_are_told_and_more_is_refused()
    {
        await using var server = await StartAsync(new ClientLimits { PacketBytes = 1000, Inflight = 2 });
        using var client = await RawClient.OpenAsync(server);
        var told = await ConnectAsync(client, "client");
        Assert.Equal((1000u, (ushort)2), (told.MaximumPacketSize, told.ReceiveMaximum));

        await client.SendAsync(RawClient.Publish("a", new byte[2000]));
        Assert.Equal(ReasonCode.PacketTooLarge, await client.ReadDisconnectAsync());

        using var another = await RawClient.ConnectAsync(server, "another");
        for (ushort packetId = 1; packetId <= 2; packetId++)
        {
            await another.SendAsync(RawClient.Publish("a", "x"u8, QualityOfService.ExactlyOnce, packetId));
            Assert.Equal(PacketType.PubRec, (await another.ReadAsync()).Header.Type);
        }

        await another.SendAsync(RawClient.Publish("a", "x"u8, QualityOfService.ExactlyOnce, 3));
        Assert.Equal(ReasonCode.ReceiveMaximumExceeded, await another.ReadDisconnectAsync());
    }

    [Theory]
    [InlineData("a/b/c/d")]
    [InlineData("a-topic-of-more-than-sixteen-bytes")]
    public async Task A_topic_that_is_too_deep_or_too_long_is_refused(string topic)
    {
        await using var server = await StartAsync(new ClientLimits { TopicLevels = 3, TopicBytes = 16 });
        using var client = await RawClient.ConnectAsync(server, "client");
        await client.SendAsync(RawClient.Publish("a/b/c", "x"u8, QualityOfService.AtLeastOnce, 1));
        Assert.Equal(PacketType.PubAck, (await client.ReadAsync()).Header.Type);

        await client.SendAsync(RawClient.Publish(topic, "x"u8, QualityOfService.AtLeastOnce, 2));

        Assert.Equal(ReasonCode.TopicNameInvalid, await client.ReadDisconnectAsync());
    }

    [Fact]
    public async Task What_waits_for_a_session_goes_when_it_is_too_old()
    {
        await using var server = await StartAsync(new ClientLimits { QueueAgeSeconds = 10 });
        await LeaveSessionAsync(server);
        using var publisher = await RawClient.ConnectAsync(server, "publisher");
        await PublishAsync(publisher, "old"u8.ToArray());
        _time.Advance(TimeSpan.FromSeconds(11));
        await PublishAsync(publisher, "new"u8.ToArray());

        using var back = await ComeBackAsync(server);

        Assert.Equal("new"u8.ToArray(), (await back.ReadPublishAsync()).Payload);
    }

    [Fact]
    public async Task What_waits_for_a_session_goes_when_it_is_too_much_and_the_oldest_first()
    {
        await using var server = await StartAsync(new ClientLimits { QueueBytes = 3500 });
        await LeaveSessionAsync(server);
        using var publisher = await RawClient.ConnectAsync(server, "publisher");
        for (byte number = 0; number < 10; number++)
        {
            var payload = new byte[1000];
            payload[0] = number;
            await PublishAsync(publisher, payload);
        }

        using var back = await ComeBackAsync(server);

        // A record is a little larger than its payload, so three fit.
        Assert.Equal(7, (await back.ReadPublishAsync()).Payload[0]);
        Assert.Equal(8, (await back.ReadPublishAsync()).Payload[0]);
        Assert.Equal(9, (await back.ReadPublishAsync()).Payload[0]);
    }

    [Fact]
    public async Task Bytes_that_never_become_a_packet_keep_no_connection_alive()
    {
        await using var server = await TestServer.StartAsync(time: _time);
        using var client = await RawClient.ConnectAsync(server, "client", keepAliveSeconds: 10);
        using var patient = await RawClient.ConnectAsync(server, "patient");
        var packet = RawClient.Publish("a", new byte[1000]);
        await patient.SendAsync(packet.AsMemory(0, 5));
        var disconnected = client.ReadAsync();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (var sent = 0; !disconnected.IsCompleted; sent++)
        {
            Assert.True(sent < packet.Length - 1, "It goes on for ever.");
            await client.SendAsync(packet.AsMemory(sent, 1));
            _time.Advance(TimeSpan.FromSeconds(0.5));
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal((PacketType.Disconnect, (byte)ReasonCode.KeepAliveTimeout), ((await disconnected).Header.Type, (await disconnected).Body[0]));

        // Without a keep-alive there is time, but not for ever.
        await server.UntilConnectionsAsync(1);
        var end = patient.ReadDisconnectAsync();
        await AdvanceUntilAsync(end, TimeSpan.FromSeconds(10));
        Assert.Equal(ReasonCode.KeepAliveTimeout, await end);
    }

    /// <summary>A server whose product <c>default</c> has limits.</summary>
    private async Task<TestServer> StartAsync(ClientLimits limits)
    {
        var server = await TestServer.StartAsync(new BrokerOptions { ConnectDeadline = TimeSpan.FromHours(1) }, _time);
        await server.Administration.ChangeProductAsync("default", product => product with { Limits = limits });
        return server;
    }

    private async Task AdvanceUntilAsync(Task task, TimeSpan? step = null)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (var left = TestServer.Limit; !task.IsCompleted; left -= timer.Period)
        {
            Assert.True(left > TimeSpan.Zero, "It has not happened.");
            _time.Advance(step ?? TimeSpan.FromMilliseconds(100));
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        await task;
    }

    private static async Task LeaveSessionAsync(TestServer server)
    {
        using var subscriber = await RawClient.ConnectAsync(server, "subscriber", expirySeconds: 3600);
        await subscriber.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        subscriber.Dispose();
        await server.UntilConnectionsAsync(0);
    }

    private static async Task<RawClient> ComeBackAsync(TestServer server)
    {
        var client = await RawClient.OpenAsync(server);
        await client.SendAsync(Encoded(new ConnectPacket { Version = ProtocolVersion.Mqtt5, ClientId = "subscriber", CleanStart = false, SessionExpirySeconds = 3600 }));
        Assert.Equal(PacketType.ConnAck, (await client.ReadAsync()).Header.Type);
        return client;
    }

    private static async Task PublishAsync(RawClient publisher, byte[] payload)
    {
        await publisher.SendAsync(RawClient.Publish("a", payload, QualityOfService.AtLeastOnce, 1));
        Assert.Equal(PacketType.PubAck, (await publisher.ReadAsync()).Header.Type);
    }

    /// <summary>The reason in CONNACK of a client that goes at once.</summary>
    private static async Task<ReasonCode> TryAsync(TestServer server, string clientId)
    {
        using var client = await RawClient.OpenAsync(server);
        return (await ConnectAsync(client, clientId)).Reason;
    }

    private static async Task<ConnAckPacket> ConnectAsync(RawClient client, string clientId)
    {
        await client.SendAsync(RawClient.Connect(clientId));
        var (header, body) = await client.ReadAsync();
        Assert.True(PacketDecoder.TryDecodeConnAck(header.Flags, body, ProtocolVersion.Mqtt5, out var packet, out var error), error.Message);
        return packet!;
    }

    private static byte[] Encoded(ConnectPacket packet)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        PacketEncoder.Write(packet, bytes);
        return bytes.WrittenSpan.ToArray();
    }
}
