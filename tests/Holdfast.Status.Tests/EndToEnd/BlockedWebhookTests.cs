using System.Diagnostics;
using System.Text.Json.Nodes;
using Holdfast.Status.Tests.Support;
using Holdfast.Testing;

namespace Holdfast.Status.Tests.EndToEnd;

/// <summary>The cloud takes events and delivers them to streams, but no webhook leaves it: everything as it is run, on the default schedule.</summary>
public sealed class BlockedWebhookTests : IAsyncLifetime
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory _directory = new();
    private readonly List<Gate> _gates = [];
    private StatusLab _lab = null!;
    private ServerProcess _cloud = null!;

    public async ValueTask InitializeAsync()
    {
        _lab = await StatusLab.StartAsync(_directory.Below("page"));
        string data = _directory.Below("cloud");
        _cloud = await ServerProcess.StartAsync(new ServerArguments(data));
        string token = (await File.ReadAllTextAsync(Path.Combine(data, "admin-token"), TestContext.Current.CancellationToken)).Trim();
        foreach (string name in new[] { "oslo-1", "rome-1" })
        {
            int port = FreePorts.Take();
            var gate = new Gate(port);
            _gates.Add(gate);
            await _lab.WatchAsync(
                name, "--target", $"http://127.0.0.1:{_cloud.HttpPort}", "--target-token", token, "--webhook-listen", $"http://127.0.0.1:{port}", "--webhook-url", $"http://127.0.0.1:{gate.Port}/");
        }

        await _lab.UntilAsync("HTTP", "operational", TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        await _cloud.DisposeAsync();
        foreach (Gate gate in _gates)
        {
            await gate.DisposeAsync();
        }

        _directory.Dispose();
    }

    [Fact]
    public async Task Webhooks_that_are_blocked_are_on_the_page_within_thirty_seconds_and_everybody_is_told()
    {
        Assert.Empty((await _lab.SummaryAsync())["incidents"]!.AsArray());
        long start = Stopwatch.GetTimestamp();
        _gates.ForEach(gate => gate.Shut(isShut: true));
        JsonNode summary = await _lab.UntilAsync("HTTP", "major_outage", DefaultLimit);
        Assert.True(Stopwatch.GetElapsedTime(start) < DefaultLimit, $"{Stopwatch.GetElapsedTime(start)}");
        JsonNode http = summary["components"]!.AsArray().Single(component => (string?)component!["name"] == "HTTP")!;
        Assert.Contains("webhook", http["failing_steps"]!.AsArray().Select(step => (string?)step));
        JsonNode incident = Assert.Single(summary["incidents"]!.AsArray())!;
        Assert.Equal("HTTP: webhooks do not come", (string?)incident["name"]);
        Assert.Equal("[\"oslo\",\"rome\"]", incident["locations"]!.ToJsonString());
        await _lab.AlertedAsync("HTTP");

        _gates.ForEach(gate => gate.Shut(isShut: false));
        await _lab.RecoversAsync("HTTP", TimeSpan.FromMinutes(4));
    }
}
