using System.Buffers.Binary;
using System.Text;
using Holdfast.Mqtt;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Transport.Tests;

public sealed class WebSocketTests
{
    private const string Mqtt = "Sec-WebSocket-Protocol: mqtt";
    private static readonly string[] Upgrade = ["Connection: Upgrade", "Upgrade: websocket"];

    [Fact]
    public async Task The_subprotocol_is_mqtt_and_nothing_is_compressed()
    {
        await using var server = await TestServer.StartAsync(carrier: Carrier.WebSocket);
        await using var stream = await Carriers.OpenBelowAsync(server);
        var answer = await WebSocketHandshake.UpgradeAsync(stream, "Sec-WebSocket-Protocol: chat, mqtt", "Sec-WebSocket-Extensions: permessage-deflate");
        Assert.Contains("Sec-WebSocket-Protocol: mqtt\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("deflate", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_is_no_request_for_mqtt_is_refused_with_the_reason()
    {
        await using var server = await TestServer.StartAsync(carrier: Carrier.WebSocket);
        Assert.Equal(400, await StatusAsync(server, "/mqtt", Upgrade));
        Assert.Equal(400, await StatusAsync(server, "/mqtt", [.. Upgrade, "Sec-WebSocket-Protocol: chat"]));
        Assert.Equal(404, await StatusAsync(server, "/other", [.. Upgrade, Mqtt]));
        Assert.Equal(426, await StatusAsync(server, "/mqtt", [Mqtt]));
        Assert.Equal(0, server.Node.ConnectionCount);
    }

    [Theory]
    [InlineData(Carrier.WebSocket, "http://127.0.0.1:{port}", "127.0.0.1:{port}", 101)]
    [InlineData(Carrier.WebSocket, "https://127.0.0.1:{port}", "127.0.0.1:{port}", 101)]
    [InlineData(Carrier.WebSocket, "http://localhost:{port}", "localhost:{port}", 101)]
    [InlineData(Carrier.WebSocket, "https://dashboard.example", "127.0.0.1:{port}", 101)]
    [InlineData(Carrier.WebSocket, "https://other.example", "127.0.0.1:{port}", 403)]
    [InlineData(Carrier.WebSocket, "http://rebound.example:{port}", "rebound.example:{port}", 403)]
    [InlineData(Carrier.WebSocket, "http://localhost:1", "localhost:{port}", 403)]
    [InlineData(Carrier.WebSocket, "null", "127.0.0.1:{port}", 403)]
    [InlineData(Carrier.WebSocketOverTls, "https://broker.example:{port}", "broker.example:{port}", 101)]
    [InlineData(Carrier.WebSocketOverTls, "https://other.example:{port}", "broker.example:{port}", 403)]
    public async Task Web_pages_of_others_may_not_connect(Carrier carrier, string origin, string host, int expected)
    {
        await using var server = await TestServer.StartAsync(carrier: carrier, allowedOrigins: "https://dashboard.example");
        string Fill(string text) => text.Replace("{port}", $"{server.EndPoint.Port}", StringComparison.Ordinal);
        Assert.Equal(expected, await StatusAsync(server, "/mqtt", [.. Upgrade, Mqtt, $"Origin: {Fill(origin)}", $"Host: {Fill(host)}"]));
    }

    [Fact]
    public async Task A_star_lets_every_page_in()
    {
        await using var server = await TestServer.StartAsync(carrier: Carrier.WebSocket, allowedOrigins: "*");
        Assert.Equal(101, await StatusAsync(server, "/mqtt", [.. Upgrade, Mqtt, "Origin: https://other.example"]));
    }

    [Fact]
    public async Task A_packet_may_lie_in_fragments_with_a_ping_between_them()
    {
        await using var server = await TestServer.StartAsync(carrier: Carrier.WebSocket);
        await using var stream = await OpenAsync(server);
        var connect = RawClient.Connect("client");
        byte[] sent = [.. Frame(0x02, connect.AsSpan(0, 5)), .. Frame(0x89, "ping"u8), .. Frame(0x00, []), .. Frame(0x80, connect.AsSpan(5))];
        await stream.WriteAsync(sent, TestContext.Current.CancellationToken);
        var pong = await ReadFrameAsync(stream);
        Assert.Equal((0x8A, "ping"), (pong.Head, Encoding.ASCII.GetString(pong.Payload)));
        var answer = await ReadFrameAsync(stream);
        Assert.Equal((0x82, (byte)PacketType.ConnAck << 4), (answer.Head, answer.Payload[0]));
    }

    [Fact]
    public async Task A_text_frame_closes_the_connection_with_the_reason()
    {
        await using var server = await TestServer.StartAsync(carrier: Carrier.WebSocket);
        await using var stream = await OpenAsync(server);
        await stream.WriteAsync(Frame(0x81, RawClient.Connect("client")), TestContext.Current.CancellationToken);
        await AssertClosesAsync(stream, 1003);
        await server.UntilConnectionsAsync(0);
    }

    [Fact]
    public async Task A_client_that_closes_is_answered_and_let_go()
    {
        await using var server = await TestServer.StartAsync(carrier: Carrier.WebSocket);
        await using var stream = await OpenAsync(server);
        await stream.WriteAsync(Frame(0x82, RawClient.Connect("client")), TestContext.Current.CancellationToken);
        await ReadFrameAsync(stream);
        await stream.WriteAsync(Frame(0x88, [0x03, 0xE8]), TestContext.Current.CancellationToken);
        await AssertClosesAsync(stream, 1000);
        await server.UntilConnectionsAsync(0);
    }

    [Fact]
    public async Task A_frame_without_a_mask_ends_the_connection()
    {
        await using var server = await TestServer.StartAsync(time: new FakeTimeProvider(), carrier: Carrier.WebSocket);
        await using var stream = await OpenAsync(server);
        await stream.WriteAsync(new byte[] { 0x82, 0x0A, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, TestContext.Current.CancellationToken);
        Assert.Equal(0x88, (await ReadFrameAsync(stream)).Head);
        stream.Close();
        await server.UntilConnectionsAsync(0);
    }

    private static async Task<int> StatusAsync(TestServer server, string path, string[] headers)
    {
        await using var stream = await Carriers.OpenBelowAsync(server);
        return int.Parse((await WebSocketHandshake.RequestAsync(stream, path, headers)).AsSpan("HTTP/1.1 ".Length, 3));
    }

    private static async Task<Stream> OpenAsync(TestServer server)
    {
        var stream = await Carriers.OpenBelowAsync(server);
        await WebSocketHandshake.UpgradeAsync(stream, Mqtt);
        return stream;
    }

    private static async Task AssertClosesAsync(Stream stream, ushort status)
    {
        var close = await ReadFrameAsync(stream);
        Assert.Equal((0x88, status), (close.Head, BinaryPrimitives.ReadUInt16BigEndian(close.Payload)));

        // Answered, the server ends the connection.
        await stream.WriteAsync(Frame(0x88, close.Payload.AsSpan(0, 2)), TestContext.Current.CancellationToken);
        Assert.Equal(0, await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken));
    }

    /// <summary>A frame of a client: its mask is 0.</summary>
    private static byte[] Frame(byte head, ReadOnlySpan<byte> payload) => [head, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];

    private static async Task<(int Head, byte[] Payload)> ReadFrameAsync(Stream stream)
    {
        var head = new byte[2];
        await stream.ReadExactlyAsync(head).AsTask().WaitAsync(TestServer.Limit);
        Assert.True(head[1] < 126, "Only small frames are expected.");
        var payload = new byte[head[1]];
        await stream.ReadExactlyAsync(payload).AsTask().WaitAsync(TestServer.Limit);
        return (head[0], payload);
    }
}
