using Holdfast.Broker;
using Holdfast.Mqtt;

namespace Holdfast.Transport.Tests;

public abstract class ReadingTests(Carrier carrier)
{
    [Fact]
    public async Task Packets_that_arrive_byte_by_byte_are_the_same_packets()
    {
        await using var server = await TestServer.StartAsync(carrier: carrier);
        using var client = await RawClient.OpenAsync(server);
        byte[] sent = [.. RawClient.Connect("client"), .. RawClient.Subscribe("a", QualityOfService.AtLeastOnce), .. RawClient.Publish("a", new byte[300]), .. RawClient.Ping()];
        foreach (var one in sent)
        {
            await client.SendAsync(new[] { one });
        }

        PacketType[] expected = [PacketType.ConnAck, PacketType.SubAck, PacketType.Publish, PacketType.PingResp];
        await AssertReceivedAsync(client, expected);
    }

    [Fact]
    public async Task Packets_that_are_cut_in_two_at_any_place_are_the_same_packets()
    {
        await using var server = await TestServer.StartAsync(carrier: carrier);
        byte[] sent = [.. RawClient.Subscribe("a", QualityOfService.AtLeastOnce), .. RawClient.Publish("a", new byte[200]), .. RawClient.Ping()];
        for (var cut = 1; cut < sent.Length; cut++)
        {
            using var client = await RawClient.ConnectAsync(server, $"client {cut}");
            await client.SendAsync(sent.AsMemory(0, cut));
            await client.SendAsync(sent.AsMemory(cut));
            await AssertReceivedAsync(client, [PacketType.SubAck, PacketType.Publish, PacketType.PingResp]);
        }
    }

    [Fact]
    public async Task Many_packets_at_once_are_handled_in_order()
    {
        await using var server = await TestServer.StartAsync(carrier: carrier);
        using var client = await RawClient.OpenAsync(server);
        var sent = new List<byte>();
        sent.AddRange(RawClient.Connect("client"));
        sent.AddRange(RawClient.Subscribe("a", QualityOfService.AtLeastOnce));
        for (var number = 0; number < 5000; number++)
        {
            sent.AddRange(RawClient.Publish("a", BitConverter.GetBytes(number)));
        }

        await client.SendAsync(sent.ToArray());
        await AssertReceivedAsync(client, [PacketType.ConnAck, PacketType.SubAck]);
        for (var number = 0; number < 5000; number++)
        {
            Assert.Equal(number, BitConverter.ToInt32((await client.ReadPublishAsync()).Payload));
        }
    }

    [Fact]
    public async Task The_largest_payload_crosses_segments_whole()
    {
        await using var server = await TestServer.StartAsync(carrier: carrier);
        using var client = await RawClient.ConnectAsync(server, "client");
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        var payload = new byte[new BrokerOptions().MaximumPayload];
        new Random(1).NextBytes(payload);
        await client.SendAsync(RawClient.Publish("a", payload, QualityOfService.AtLeastOnce, 1));
        var types = new List<PacketType>();
        for (var count = 0; count < 2; count++)
        {
            var (header, body) = await client.ReadAsync();
            types.Add(header.Type);
            Assert.True(header.Type != PacketType.Publish || body.AsSpan().EndsWith(payload));
        }

        Assert.Equal([PacketType.Publish, PacketType.PubAck], types.Order());
    }

    [Fact]
    public async Task A_packet_that_is_too_large_is_refused_on_its_fixed_header()
    {
        await using var server = await TestServer.StartAsync(carrier: carrier);
        using var client = await RawClient.ConnectAsync(server, "client");
        byte[] header = [0x30, 0xFF, 0xFF, 0xFF, 0x7F];
        await client.SendAsync(header);
        Assert.Equal(ReasonCode.PacketTooLarge, await client.ReadDisconnectAsync());
    }

    [Theory]
    [InlineData(new byte[] { 0x00, 0x00 })]
    [InlineData(new byte[] { 0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })]
    public async Task Bytes_that_are_no_packet_are_refused(byte[] bytes)
    {
        await using var server = await TestServer.StartAsync(carrier: carrier);
        using var client = await RawClient.ConnectAsync(server, "client");
        await client.SendAsync(bytes);
        Assert.Equal(ReasonCode.MalformedPacket, await client.ReadDisconnectAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Random_bytes_end_their_connection_and_no_other(int seed)
    {
        var random = new Random(seed);
        await using var server = await TestServer.StartAsync(carrier: carrier);
        using var steady = await RawClient.ConnectAsync(server, "steady");
        for (var count = 0; count < 30; count++)
        {
            using var client = await RawClient.OpenAsync(server);
            var bytes = new byte[random.Next(1, 3000)];
            random.NextBytes(bytes);
            if (random.Next(2) == 0)
            {
                await client.SendAsync(RawClient.Connect($"random {count}"));
            }

            await client.SendAsync(bytes);
        }

        await steady.SendAsync(RawClient.Ping());
        await AssertReceivedAsync(steady, [PacketType.PingResp]);
        await server.UntilConnectionsAsync(1);
    }

    [Fact]
    public async Task Half_a_packet_and_the_end_is_the_end()
    {
        await using var server = await TestServer.StartAsync(carrier: carrier);
        using (var client = await RawClient.ConnectAsync(server, "client"))
        {
            await client.SendAsync(RawClient.Publish("a", new byte[500]).AsMemory(0, 100));
        }

        await server.UntilConnectionsAsync(0);
    }

    private static async Task AssertReceivedAsync(RawClient client, PacketType[] expected)
    {
        foreach (var type in expected)
        {
            Assert.Equal(type, (await client.ReadAsync()).Header.Type);
        }
    }
}

public sealed class ReadingOverTcpTests() : ReadingTests(Carrier.Tcp);

public sealed class ReadingOverTlsTests() : ReadingTests(Carrier.Tls);

public sealed class ReadingOverWebSocketTests() : ReadingTests(Carrier.WebSocket);

public sealed class ReadingOverWebSocketOverTlsTests() : ReadingTests(Carrier.WebSocketOverTls);
