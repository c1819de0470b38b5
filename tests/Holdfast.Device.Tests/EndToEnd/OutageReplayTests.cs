using System.Globalization;
using System.Text;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;
using MQTTnet;
using MQTTnet.Formatter;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>The outage that this library is for, with a plain client beside it.</summary>
public sealed class OutageReplayTests : IDisposable
{
    private const int Events = 100;
    private static readonly TimeSpan AckDeadline = TimeSpan.FromSeconds(2);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_plain_client_believes_the_connection_and_loses_all_the_library_notices_and_loses_nothing()
    {
        using var holding = new HoldingBroker();
        await using var real = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        using var plain = new MqttClientFactory().CreateMqttClient();
        var connecting = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", holding.Port).WithProtocolVersion(MqttProtocolVersion.V500).WithKeepAlivePeriod(TimeSpan.FromSeconds(1)).Build();
        await plain.ConnectAsync(connecting, TestContext.Current.CancellationToken);
        var options = new DeviceOptions
        {
            DeviceId = "pump-1",
            Endpoints = [new Uri($"mqtt://127.0.0.1:{holding.Port}"), new Uri($"mqtt://127.0.0.1:{real.MqttPort}")],
            Outbox = new OutboxOptions { Directory = _directory.Below("outbox") },
            AckDeadline = AckDeadline,
        };
        await using var device = HoldfastDevice.Start(options);

        var begun = DateTimeOffset.UtcNow;
        for (var i = 0; i < Events; i++)
        {
            var payload = Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture));
            await plain.PublishAsync(new MqttApplicationMessage { Topic = "devices/plain/events/n", Payload = new(payload) }, TestContext.Current.CancellationToken);
            await device.PublishAsync(new DeviceEvent("n", payload)).Soon();
        }

        var degraded = await UntilAsync(device, ConnectivityState.Degraded).Soon();
        Assert.InRange(degraded.Since - begun, AckDeadline * 0.9, AckDeadline * 5);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();

        Assert.Equal(Enumerable.Range(0, Events).Select(i => $"{i}"), (await StoredEvents.ReadAsync(real, "pump-1")).Select(e => e.Payload));
        Assert.Equal((ConnectivityState.Online, real.MqttPort), (device.Connectivity.State, device.Connectivity.Endpoint!.Port));
        Assert.True(plain.IsConnected, "The plain client should still believe that it is connected.");
        Assert.Empty(await StoredEvents.ReadAsync(real, "plain"));
        Assert.InRange(holding.Publishes, Events, int.MaxValue);
    }

    private static async Task<ConnectivityStatus> UntilAsync(HoldfastDevice device, ConnectivityState state)
    {
        await foreach (var status in device.ConnectivityChanges.WithCancellation(TestContext.Current.CancellationToken))
        {
            if (status.State == state)
            {
                return status;
            }
        }

        throw new InvalidOperationException("The device ended.");
    }
}
