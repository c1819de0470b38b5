using System.Net;
using System.Net.Sockets;
using System.Text;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;
using Holdfast.Device.Tests.EndToEnd.Faults;

namespace Holdfast.Device.Tests.EndToEnd.Links;

/// <summary>Several endpoints: the preferred one is returned to, and a server that names another is believed.</summary>
public sealed class EntranceTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_preferred_endpoint_is_returned_to_when_it_is_there_again_and_nothing_is_lost_on_the_way()
    {
        var preferred = FreePorts.Take();
        await using var other = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("other")));
        var options = Options(preferred, other.MqttPort) with { ReturnInterval = TimeSpan.FromMilliseconds(100) };
        await using var device = HoldfastDevice.Start(options);
        await PublishAsync(device, "1");
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(other.MqttPort, device.Connectivity.Endpoint!.Port);

        await using var first = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("first")) { MqttPort = preferred });
        await UntilAsync(device, s => s.State == ConnectivityState.Online && s.Endpoint!.Port == preferred);
        await PublishAsync(device, "2");
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(["1"], (await StoredEvents.ReadAsync(other, options.DeviceId)).Select(e => e.Payload));
        Assert.Equal(["2"], (await StoredEvents.ReadAsync(first, options.DeviceId)).Select(e => e.Payload));
    }

    [Fact]
    public async Task The_server_reference_of_a_refusal_is_followed()
    {
        await using var real = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("real")));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var refusing = RefuseAsync(listener, $"127.0.0.1:{real.MqttPort}");
        var options = Options(((IPEndPoint)listener.LocalEndpoint).Port) with { FirstBackOff = TimeSpan.FromMinutes(5), LongestBackOff = TimeSpan.FromMinutes(5) };
        await using var device = HoldfastDevice.Start(options);
        await PublishAsync(device, "1");
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        await refusing.Soon();
        Assert.Equal(["1"], (await StoredEvents.ReadAsync(real, options.DeviceId)).Select(e => e.Payload));
    }

    [Fact]
    public async Task A_server_that_goes_and_names_another_is_followed_there_at_once()
    {
        await using var other = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("other")));
        await using var going = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("going")) { Options = ["--server-reference", $"127.0.0.1:{other.MqttPort}"] });
        var options = Options(going.MqttPort) with { FirstBackOff = TimeSpan.FromHours(1), LongestBackOff = TimeSpan.FromHours(1) };
        await using var device = HoldfastDevice.Start(options);
        await PublishAsync(device, "1");
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        await going.TerminateAsync();
        await PublishAsync(device, "2");
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(["2"], (await StoredEvents.ReadAsync(other, options.DeviceId)).Select(e => e.Payload));
    }

    /// <summary>The back-off of this device is a millisecond; the slot that the server gives with its DISCONNECT, a second, counts instead.</summary>
    [Fact]
    public async Task A_server_that_goes_says_when_to_come_back_and_the_device_does()
    {
        await using var going = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("going")));
        await using var next = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("next")));
        using var entrance = new HoldingProxy(going.MqttPort);
        var options = Options(entrance.Port) with { FirstBackOff = TimeSpan.FromMilliseconds(1), LongestBackOff = TimeSpan.FromMilliseconds(1) };
        await using var device = HoldfastDevice.Start(options);
        await PublishAsync(device, "1");
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        entrance.Target = next.MqttPort;
        await UntilAsync(device, s => s.State == ConnectivityState.Online);
        await going.TerminateAsync();
        var lost = await UntilAsync(device, s => s.State == ConnectivityState.Offline);
        await PublishAsync(device, "2");
        var back = await UntilAsync(device, s => s.State == ConnectivityState.Online);
        Assert.InRange(back.Since - lost.Since, TimeSpan.FromSeconds(0.9), TimeSpan.MaxValue);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(["2"], (await StoredEvents.ReadAsync(next, options.DeviceId)).Select(e => e.Payload));
    }

    /// <summary>Answers one CONNECT with 0x9C, use another server.</summary>
    private static async Task RefuseAsync(TcpListener listener, string reference)
    {
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        _ = await stream.ReadAsync(new byte[1024], TestContext.Current.CancellationToken);
        var text = Encoding.ASCII.GetBytes(reference);
        byte[] properties = [0x1C, 0, (byte)text.Length, .. text];
        await stream.WriteAsync((byte[])[0x20, (byte)(3 + properties.Length), 0, 0x9C, (byte)properties.Length, .. properties], TestContext.Current.CancellationToken);
        _ = await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken);
    }

    private static Task<EventIdentity> PublishAsync(HoldfastDevice device, string text) => device.PublishAsync(new DeviceEvent("n", Encoding.ASCII.GetBytes(text))).Soon();

    private static async Task<ConnectivityStatus> UntilAsync(HoldfastDevice device, Func<ConnectivityStatus, bool> condition)
    {
        await foreach (var status in device.ConnectivityChanges.WithCancellation(TestContext.Current.CancellationToken))
        {
            if (condition(status))
            {
                return status;
            }
        }

        throw new InvalidOperationException("The device ended.");
    }

    private static DeviceOptions Options(params int[] ports) => new()
    {
        DeviceId = "pump-3",
        Endpoints = [.. ports.Select(p => new Uri($"mqtt://127.0.0.1:{p}"))],
        Outbox = new OutboxOptions { FlushInterval = TimeSpan.Zero },
        FirstBackOff = TimeSpan.FromMilliseconds(100),
        LongestBackOff = TimeSpan.FromMilliseconds(200),
    };
}
