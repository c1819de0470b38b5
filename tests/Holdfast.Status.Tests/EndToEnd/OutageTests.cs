using System.Diagnostics;
using System.Text.Json.Nodes;
using Holdfast.Status.Tests.Support;
using Holdfast.Testing;

namespace Holdfast.Status.Tests.EndToEnd;

/// <summary>
/// Everything as it is run: the broker, the page and three watchers as processes on the default schedule, a real mail server, a webhook. One watcher looks at the wrong place, so it always
/// fails, and decides nothing.
/// </summary>
public sealed class OutageTests : IAsyncLifetime
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory _directory = new();
    private StatusLab _lab = null!;
    private ServerArguments _arguments = null!;
    private ServerProcess _broker = null!;

    public async ValueTask InitializeAsync()
    {
        _lab = await StatusLab.StartAsync(_directory.Below("page"));
        _arguments = new ServerArguments(_directory.Below("cloud")) { MqttPort = FreePorts.Take(), HttpPort = FreePorts.Take() };
        _broker = await ServerProcess.StartAsync(_arguments);
        foreach ((string name, int port) in new[] { ("oslo-1", _broker.MqttPort), ("rome-1", _broker.MqttPort), ("mars-1", FreePorts.Take()) })
        {
            await _lab.WatchAsync(name, "--target", $"mqtt://127.0.0.1:{port}");
        }

        await _lab.UntilAsync("MQTT", "operational", TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        await _broker.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("frozen", "acknowledge")]
    [InlineData("killed", "connect")]
    [InlineData("stalled", "(acknowledge|connect)")] // A broker that cannot commit acknowledges nothing at first; after ten seconds it refuses devices and disconnects them.
    public async Task What_happens_to_the_broker_is_on_the_page_within_thirty_seconds_and_everybody_is_told(string fault, string step)
    {
        // Meanwhile one of three has failed all the time.
        Assert.Empty((await _lab.SummaryAsync())["incidents"]!.AsArray());
        long start = Stopwatch.GetTimestamp();
        using Process? tracer = await BreakAsync(fault);
        JsonNode summary = await _lab.UntilAsync("MQTT", "major_outage", DefaultLimit);
        Assert.True(Stopwatch.GetElapsedTime(start) < DefaultLimit, $"{Stopwatch.GetElapsedTime(start)}");
        JsonNode incident = Assert.Single(summary["incidents"]!.AsArray())!;
        Assert.Matches($"[ ;]{step} \\(", incident.ToJsonString());

        // Two of three suffice, and one of them may be the one that always fails.
        Assert.Matches("oslo|rome", incident["locations"]!.ToJsonString());
        await _lab.AlertedAsync("MQTT");

        await RepairAsync(fault, tracer);
        await _lab.RecoversAsync("MQTT", TimeSpan.FromSeconds(90));
    }

    private async Task<Process?> BreakAsync(string fault)
    {
        switch (fault)
        {
            case "frozen":
                _broker.Suspend();
                return null;
            case "killed":
                await _broker.KillAsync();
                return null;
            default:
                // Every flush takes a minute from now on.
                var strace = Process.Start(new ProcessStartInfo("strace", ["-f", "-qqq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:delay_enter=60000000", "-p", $"{_broker.ProcessId}"]))!;
                return strace;
        }
    }

    private async Task RepairAsync(string fault, Process? tracer)
    {
        switch (fault)
        {
            case "frozen":
                _broker.Resume();
                break;
            case "killed":
                await _broker.DisposeAsync();
                _broker = await ServerProcess.StartAsync(_arguments);
                break;
            default:
                tracer!.Kill();
                await tracer.WaitForExitAsync(TestContext.Current.CancellationToken);
                break;
        }
    }
}
