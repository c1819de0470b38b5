using Holdfast.Broker;
using Holdfast.Mqtt;

namespace Holdfast.Transport.Tests;

/// <summary>Many clients that come at the same moment.</summary>
public sealed class StormTests
{
    private const int Clients = 1000;

    [Fact]
    public async Task Everybody_is_let_in_and_who_stands_goes_on_publishing()
    {
        await using var server = await TestServer.StartAsync(new BrokerOptions { ConnectsAtOnce = 50 });
        using var standing = await RawClient.ConnectAsync(server, "standing");
        var opened = new List<RawClient>();
        for (var count = 0; count < Clients; count++)
        {
            opened.Add(await RawClient.OpenAsync(server));
        }

        var connecting = Task.WhenAll(opened.Select((client, number) => ConnectAsync(client, $"client-{number}")));
        ushort packetId = 1;
        do
        {
            await standing.SendAsync(RawClient.Publish("a", "x"u8, QualityOfService.AtLeastOnce, packetId++));
            Assert.Equal(PacketType.PubAck, (await standing.ReadAsync()).Header.Type);
        }
        while (!connecting.IsCompleted);

        Assert.All(await connecting, reason => Assert.Equal(ReasonCode.Success, reason));
        Assert.Equal(Clients + 1, server.Node.ConnectionCount);
        opened.ForEach(client => client.Dispose());
    }

    private static async Task<ReasonCode> ConnectAsync(RawClient client, string clientId)
    {
        await client.SendAsync(RawClient.Connect(clientId, expirySeconds: 60));
        var (header, body) = await client.ReadAsync();
        Assert.True(PacketDecoder.TryDecodeConnAck(header.Flags, body, ProtocolVersion.Mqtt5, out var packet, out var error), error.Message);
        return packet!.Reason;
    }
}
