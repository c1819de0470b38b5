using System.Net;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests.EndToEnd.Links;

/// <summary>A name with several addresses, as a name of a cloud has: nobody listens at the first, the second accepts connections and stores nothing, the third is a server.</summary>
public sealed class AddressTests : IDisposable
{
    private static readonly IPAddress Silent = IPAddress.Parse("127.0.0.3");
    private static readonly IPAddress Useless = IPAddress.Parse("127.0.0.2");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Every_address_of_a_name_is_tried_also_when_one_accepts_connections_and_stores_nothing()
    {
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        using var useless = new HoldingBroker(new IPEndPoint(Useless, server.MqttPort));
        await using var device = HoldfastDevice.Start(new DeviceOptions
        {
            DeviceId = "pump-4",
            Endpoints = [new Uri($"mqtt://cloud.example:{server.MqttPort}")],
            Outbox = new OutboxOptions { FlushInterval = TimeSpan.Zero },
            AckDeadline = TimeSpan.FromSeconds(2),
            FirstBackOff = TimeSpan.FromMilliseconds(100),
            LongestBackOff = TimeSpan.FromMilliseconds(100),
            Resolver = (host, _) => Task.FromResult(host == "cloud.example" ? [Silent, Useless, IPAddress.Loopback] : Array.Empty<IPAddress>()),
        });
        await device.PublishAsync(new DeviceEvent("n", "1"u8.ToArray())).Soon();
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();

        Assert.InRange(useless.Publishes, 1, int.MaxValue);
        Assert.Equal(ConnectivityState.Online, device.Connectivity.State);
        Assert.Equal(["1"], (await StoredEvents.ReadAsync(server, "pump-4")).Select(e => e.Payload));
    }
}
