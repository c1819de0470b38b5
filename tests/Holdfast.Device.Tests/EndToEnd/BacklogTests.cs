using System.Diagnostics;
using System.Text;
using Holdfast.Device.Outbox;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>Three days without a cloud, one event a second.</summary>
public sealed class BacklogTests : IDisposable
{
    private const int Backlog = 72 * 60 * 60;
    private const string Id = "pump-2";

    private static readonly TimeSpan LiveLimit = TimeSpan.FromSeconds(10);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    [Trait("Category", "Long")]
    public async Task Seventy_two_hours_of_events_drain_in_order_while_live_ones_go_on()
    {
        var outbox = new OutboxOptions { Directory = _directory.Below("outbox"), MaximumBytes = 1L << 30 };
        await FillAsync(outbox);
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        var options = new DeviceOptions { DeviceId = Id, Endpoints = [new Uri($"mqtt://127.0.0.1:{server.MqttPort}")], Outbox = outbox };
        await using var live = HoldfastDevice.Start(options with { DeviceId = "live", Outbox = new OutboxOptions { FlushInterval = TimeSpan.Zero } });
        await WaitLiveAsync(live);

        var start = Stopwatch.GetTimestamp();
        await using var device = HoldfastDevice.Start(options);
        var draining = device.DrainAsync(TestContext.Current.CancellationToken);
        List<TimeSpan> waits = [];
        while (!draining.IsCompleted)
        {
            waits.Add(await WaitLiveAsync(live));
        }

        await draining;
        var drained = Stopwatch.GetElapsedTime(start);
        waits.Sort();
        TestContext.Current.SendDiagnosticMessage(
            $"{Backlog} events in {drained.TotalSeconds:0.0} s, {device.Traffic.BytesPerEvent:0.0} bytes each; {waits.Count} live events beside them: median {waits[waits.Count / 2].TotalMilliseconds:0} ms, longest {waits[^1].TotalMilliseconds:0} ms");
        Assert.InRange(waits[^1], TimeSpan.Zero, LiveLimit);
        var stored = await StoredEvents.ReadAsync(server, Id);
        Assert.Equal(Enumerable.Range(0, Backlog).Select(n => $"{n}"), stored.Select(e => e.Payload));
        Assert.Single(stored.Select(e => e.Stream).Distinct());
    }

    private static async Task<TimeSpan> WaitLiveAsync(HoldfastDevice live)
    {
        var start = Stopwatch.GetTimestamp();
        await live.PublishAsync(new DeviceEvent("live", "now"u8.ToArray())).Soon();
        await live.DrainAsync(TestContext.Current.CancellationToken).Soon();
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Fills an outbox as three days do, without waiting for them.</summary>
    private static async Task FillAsync(OutboxOptions options)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow - TimeSpan.FromSeconds(Backlog));
        await using var outbox = EventOutbox.Open(options with { FlushInterval = TimeSpan.Zero }, time);
        List<Task> unflushed = [];
        for (var n = 0; n < Backlog; n++)
        {
            unflushed.Add(outbox.AppendAsync(EventPriority.Normal, $"devices/{Id}/events/pressure", "", Encoding.ASCII.GetBytes($"{n}")));
            time.Advance(TimeSpan.FromSeconds(1));
            if (unflushed.Count == 1000)
            {
                await Task.WhenAll(unflushed).Soon();
                unflushed.Clear();
            }
        }

        await Task.WhenAll(unflushed).Soon();
    }
}
