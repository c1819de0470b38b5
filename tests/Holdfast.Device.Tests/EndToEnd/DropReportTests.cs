using System.Text;
using System.Text.Json;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>An outbox that was full: the cloud is told what is missing.</summary>
public sealed class DropReportTests : IDisposable
{
    private const int Events = 3_000;
    private const string Id = "pump-5";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_was_dropped_without_a_cloud_is_told_when_there_is_one_and_adds_up()
    {
        var port = FreePorts.Take();
        await using var device = HoldfastDevice.Start(new DeviceOptions
        {
            DeviceId = Id,
            Endpoints = [new Uri($"mqtt://127.0.0.1:{port}")],
            Outbox = new OutboxOptions { Directory = _directory.Below("outbox"), MaximumBytes = OutboxOptions.MinimumBytes },
            FirstBackOff = TimeSpan.FromMilliseconds(100),
            LongestBackOff = TimeSpan.FromMilliseconds(200),
        });
        await Task.WhenAll(Enumerable.Range(0, Events).Select(n => device.PublishAsync(new DeviceEvent("n", Encoding.ASCII.GetBytes($"{n}"))))).Soon();
        var dropped = (int)(await device.GetStatisticsAsync()).Dropped;
        Assert.InRange(dropped, 1, Events - 1);

        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")) { MqttPort = port });
        await UntilReportedAsync(server, device);
        var stored = await StoredEvents.ReadAsync(server, Id);
        var report = Assert.Single(stored, e => e.Payload.StartsWith('{'));
        Assert.Equal((dropped, 0), (Field(report.Payload, "dropped"), Field(report.Payload, "refused")));
        Assert.Equal(Enumerable.Range(dropped, Events - dropped).Select(n => $"{n}"), stored.Except([report]).Select(e => e.Payload));
    }

    /// <summary>The report is an event that the device makes by itself when it is connected.</summary>
    private static async Task UntilReportedAsync(ServerProcess server, HoldfastDevice device)
    {
        do
        {
            await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        }
        while (!(await StoredEvents.ReadAsync(server, Id)).Exists(e => e.Payload.StartsWith('{')));
    }

    private static int Field(string report, string name) => JsonElement.Parse(report).GetProperty(name).GetInt32();
}
