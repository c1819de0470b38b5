using System.Globalization;
using System.Text;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>Real servers that die, or stand and acknowledge nothing: nothing that was accepted is lost, nothing is stored twice.</summary>
public sealed class OutageTests : IDisposable
{
    private const string Id = "pump-7";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_server_that_is_killed_in_the_middle_stores_every_event_once_and_in_order()
    {
        var port = FreePorts.Take();
        var arguments = new ServerArguments(_directory.Below("data")) { MqttPort = port };
        var server = await ServerProcess.StartAsync(arguments);
        try
        {
            await using var device = HoldfastDevice.Start(Options("outbox", port));
            await PublishAsync(device, 0, 500);
            var publishing = PublishAsync(device, 500, 2_000);
            await server.KillAsync();
            await publishing.Soon();
            await server.DisposeAsync();
            server = await ServerProcess.StartAsync(arguments);
            await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
            await AssertStoredOnceInOrderAsync(server, 2_500);
            Assert.Equal(ConnectivityState.Online, device.Connectivity.State);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Events_published_without_any_server_survive_the_device_and_arrive_after_its_restart()
    {
        var port = FreePorts.Take();
        await using (var device = HoldfastDevice.Start(Options("outbox", port)))
        {
            await PublishAsync(device, 0, 300);
            Assert.NotEqual(ConnectivityState.Online, device.Connectivity.State);
        }

        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")) { MqttPort = port });
        await using var again = HoldfastDevice.Start(Options("outbox", port));
        await PublishAsync(again, 300, 100);
        await again.DrainAsync(TestContext.Current.CancellationToken).Soon();
        await AssertStoredOnceInOrderAsync(server, 400);
    }

    [Fact]
    public async Task A_server_that_holds_the_connection_and_acknowledges_nothing_is_left_for_another()
    {
        await using var frozen = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("one")));
        await using var other = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("two")));
        var options = Options("outbox", frozen.MqttPort, other.MqttPort) with { AckDeadline = TimeSpan.FromSeconds(3) };
        await using var device = HoldfastDevice.Start(options);
        await PublishAsync(device, 0, 100);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        frozen.Suspend();
        await PublishAsync(device, 100, 400);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();

        List<ConnectivityState> states = [];
        await foreach (var status in device.ConnectivityChanges.WithCancellation(TestContext.Current.CancellationToken))
        {
            states.Add(status.State);
            if (status.State == ConnectivityState.Online && status.Endpoint!.Port == other.MqttPort)
            {
                break;
            }
        }

        Assert.Equal([ConnectivityState.Online, ConnectivityState.Degraded, ConnectivityState.Online], states.SkipWhile(s => s == ConnectivityState.Offline));
        frozen.Resume();
        var both = (await StoredEvents.ReadAsync(frozen, Id)).Concat(await StoredEvents.ReadAsync(other, Id)).ToList();
        Assert.Equal(500, both.DistinctBy(e => (e.Stream, e.Sequence)).Count());
        Assert.Equal(Enumerable.Range(0, 500), both.Select(e => Number(e.Payload)).Distinct().Order());
    }

    [Fact]
    public async Task An_idle_connection_whose_keep_alive_is_not_answered_is_degraded()
    {
        await using var frozen = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        var second = TimeSpan.FromSeconds(1);
        await using var device = HoldfastDevice.Start(Options("outbox", frozen.MqttPort) with { KeepAlive = second, AckDeadline = second * 2 });
        await foreach (var status in device.ConnectivityChanges.WithCancellation(TestContext.Current.CancellationToken))
        {
            if (status.State == ConnectivityState.Online)
            {
                frozen.Suspend();
            }
            else if (status.State == ConnectivityState.Degraded)
            {
                Assert.Equal("The keep-alive was not answered.", status.Reason);
                break;
            }
        }

        frozen.Resume();
        await PublishAsync(device, 0, 10);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        await AssertStoredOnceInOrderAsync(frozen, 10);
    }

    private static async Task PublishAsync(HoldfastDevice device, int first, int count)
        => await Task.WhenAll(Enumerable.Range(first, count).Select(n => device.PublishAsync(
            new DeviceEvent("pressure", Encoding.UTF8.GetBytes(n.ToString(CultureInfo.InvariantCulture)))))).Soon();

    private static async Task AssertStoredOnceInOrderAsync(ServerProcess server, int count)
        => Assert.Equal(Enumerable.Range(0, count), (await StoredEvents.ReadAsync(server, Id)).Select(e => Number(e.Payload)));

    private static int Number(string payload) => int.Parse(payload, CultureInfo.InvariantCulture);

    private DeviceOptions Options(string outbox, params int[] ports) => new()
    {
        DeviceId = Id,
        Endpoints = [.. ports.Select(p => new Uri($"mqtt://127.0.0.1:{p}"))],
        Outbox = new OutboxOptions { Directory = _directory.Below(outbox) },
        FirstBackOff = TimeSpan.FromMilliseconds(200),
        LongestBackOff = TimeSpan.FromSeconds(1),
    };
}
