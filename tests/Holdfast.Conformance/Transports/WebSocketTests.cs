using System.Buffers;
using System.Net.WebSockets;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;

namespace Holdfast.Conformance.Transports;

/// <summary>Chapter 6: WebSocket as a transport.</summary>
public sealed class WebSocketTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "6.0.0-1", "6.0.0-4")]
    [Clause(Old, "6.0.0-1", "6.0.0-4")]
    public async Task The_subprotocol_is_mqtt_and_the_frames_are_binary(ProtocolVersion version)
    {
        using var socket = await OpenSocketAsync();
        Assert.Equal("mqtt", socket.SubProtocol);
        await SendAsync(socket, Connect(version), WebSocketMessageType.Binary);
        Assert.Equal([0x20], (await ReceiveAsync(socket, 4))[..1]);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "6.0.0-2")]
    [Clause(Old, "6.0.0-2")]
    public async Task Packets_need_not_end_where_frames_end(ProtocolVersion version)
    {
        using var socket = await OpenSocketAsync();
        byte[] bytes = [.. Connect(version), 0xC0, 0, 0xC0, 0, 0xC0, 0];

        // CONNECT in pieces, the last of which holds a ping and a half.
        await SendAsync(socket, bytes[..5], WebSocketMessageType.Binary);
        await SendAsync(socket, bytes[5..^8], WebSocketMessageType.Binary);
        await SendAsync(socket, bytes[^8..^3], WebSocketMessageType.Binary);
        await SendAsync(socket, bytes[^3..], WebSocketMessageType.Binary);
        var length = 2 + (await ReceiveAsync(socket, 2))[1];
        await ReceiveAsync(socket, length - 2);
        Assert.Equal([0xD0, 0, 0xD0, 0, 0xD0, 0], await ReceiveAsync(socket, 6));
    }

    [Fact]
    [Clause(New, "6.0.0-1")]
    [Clause(Old, "6.0.0-1")]
    public async Task A_text_frame_ends_the_connection()
    {
        using var socket = await OpenSocketAsync();
        await SendAsync(socket, Connect(Old), WebSocketMessageType.Binary);
        Assert.Equal([0x20, 2, 0, 0], await ReceiveAsync(socket, 4));
        await SendAsync(socket, [0xC0, 0], WebSocketMessageType.Text);
        try
        {
            var end = await socket.ReceiveAsync(new byte[100], TestContext.Current.CancellationToken);
            Assert.Equal(WebSocketMessageType.Close, end.MessageType);
        }
        catch (WebSocketException)
        {
            // Without the closing handshake it is closed as well.
        }
    }

    private static byte[] Connect(ProtocolVersion version)
    {
        var bytes = new ArrayBufferWriter<byte>();
        PacketEncoder.Write(Clean(version), bytes);
        return bytes.WrittenSpan.ToArray();
    }

    private static Task SendAsync(ClientWebSocket socket, byte[] bytes, WebSocketMessageType type)
        => socket.SendAsync(bytes, type, endOfMessage: true, TestContext.Current.CancellationToken);

    /// <summary>So many bytes, however they are framed; the frames must be binary.</summary>
    private static async Task<byte[]> ReceiveAsync(ClientWebSocket socket, int count)
    {
        var bytes = new byte[count];
        for (var received = 0; received < count;)
        {
            var frame = await socket.ReceiveAsync(bytes.AsMemory(received), TestContext.Current.CancellationToken);
            Assert.Equal(WebSocketMessageType.Binary, frame.MessageType);
            received += frame.Count;
        }

        return bytes;
    }

    private async Task<ClientWebSocket> OpenSocketAsync()
    {
        var url = await Broker.WebSocketAsync();
        Assert.SkipWhen(url is null, "HOLDFAST_CONFORMANCE_WEBSOCKET does not name the broker's listener.");
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(10));
        await socket.ConnectAsync(url!, deadline.Token);
        return socket;
    }
}
