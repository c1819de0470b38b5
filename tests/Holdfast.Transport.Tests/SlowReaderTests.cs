using System.Buffers.Binary;
using Holdfast.Mqtt;

namespace Holdfast.Transport.Tests;

public abstract class SlowReaderTests(Carrier carrier)
{
    /// <summary>32 MB wait for a client that does not read; then it gets all of them, in order, while it confirms them.</summary>
    [Fact]
    public async Task A_client_that_does_not_read_for_a_while_gets_everything_in_order()
    {
        const int Messages = 1024;
        await using var server = await TestServer.StartAsync(carrier: carrier);
        using var slow = await RawClient.ConnectAsync(server, "slow", receiveBufferBytes: 16 * 1024);
        await slow.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        using var publisher = await RawClient.ConnectAsync(server, "publisher");
        var payload = new byte[32 * 1024];
        for (var number = 0; number < Messages; number++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(payload, number);
            await publisher.SendAsync(RawClient.Publish("a", payload, QualityOfService.AtLeastOnce, (ushort)(number + 1)));
        }

        for (var number = 0; number < Messages; number++)
        {
            Assert.Equal(PacketType.PubAck, (await publisher.ReadAsync()).Header.Type);
        }

        for (var number = 0; number < Messages; number++)
        {
            var (received, packetId) = await slow.ReadPublishAsync();
            Assert.Equal((payload.Length, number), (received.Length, BinaryPrimitives.ReadInt32LittleEndian(received)));
            await slow.SendAsync(RawClient.PubAck(packetId));
        }
    }
}

public sealed class SlowReaderOverTcpTests() : SlowReaderTests(Carrier.Tcp);

public sealed class SlowReaderOverTlsTests() : SlowReaderTests(Carrier.Tls);

public sealed class SlowReaderOverWebSocketTests() : SlowReaderTests(Carrier.WebSocket);

public sealed class SlowReaderOverWebSocketOverTlsTests() : SlowReaderTests(Carrier.WebSocketOverTls);
