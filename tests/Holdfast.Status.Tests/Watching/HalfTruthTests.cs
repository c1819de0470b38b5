using System.Net;
using System.Text.Json.Nodes;
using Holdfast.Status.Watching;
using Holdfast.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Status.Tests.Watching;

/// <summary>A real server, a real page, real watchers: what is done to the server is on the page within a bounded number of rounds, and goes by itself.</summary>
public sealed class HalfTruthTests : IAsyncLifetime
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    // What works answers within this on a loaded machine too; what does not costs it in each round.
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _watching = [];
    private readonly List<Watcher> _watchers = [];
    private ServerArguments _arguments = null!;
    private ServerProcess _cloud = null!;
    private StatusServer _page = null!;
    private HttpClient _http = null!;
    private TaskCompletionSource _round = NewRound();
    private int _rounds;

    public async ValueTask InitializeAsync()
    {
        _arguments = new ServerArguments(_directory.Below("cloud")) { MqttPort = FreePorts.Take(), HttpPort = FreePorts.Take() };
        _cloud = await ServerProcess.StartAsync(_arguments);
        string data = _directory.Below("page");
        _page = await StatusServer.StartAsync(data, new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance, TimeProvider.System, TestContext.Current.CancellationToken);
        _http = new HttpClient { BaseAddress = _page.Address };
        foreach (string location in new[] { "oslo", "rome" })
        {
            using var registry = new WatcherRegistry(data);
            Watch(registry.Add($"{location}-1", location));
        }

        await UntilAsync(summary => State(summary, "MQTT") == "operational" && State(summary, "HTTP") == "operational", maximumRounds: 20);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(_watching));
        foreach (Watcher watcher in _watchers)
        {
            await watcher.DisposeAsync();
        }

        _http.Dispose();
        await _page.DisposeAsync();
        await _cloud.DisposeAsync();
        _directory.Dispose();
        _ending.Dispose();
    }

    [Fact]
    public async Task Connected_but_not_committing_is_found_out_and_told()
    {
        _cloud.Suspend();
        JsonNode summary = await UntilAsync(
            one => State(one, "MQTT") == "major_outage" && State(one, "HTTP") == "major_outage" && Told(one).Contains("connected, but not committing", StringComparison.Ordinal) && Told(one).Contains("oslo, rome", StringComparison.Ordinal),
            maximumRounds: 12);
        Assert.Contains("Detected automatically, not yet confirmed.", Told(summary), StringComparison.Ordinal);
        JsonNode mqtt = Component(summary, "MQTT")!;
        Assert.Contains("acknowledge", mqtt["failing_steps"]!.AsArray().Select(step => (string?)step));
        Assert.Contains("connected, but not committing", await _http.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        _cloud.Resume();
        await RecoversAsync();
    }

    [Fact]
    public async Task A_server_that_was_killed_is_told_and_so_is_its_return()
    {
        await _cloud.KillAsync();

        // The round in which it dies may fail later on the path; those after it name the first step.
        await UntilAsync(one => (State(one, "MQTT"), State(one, "HTTP"), FirstFault(one, "MQTT"), FirstFault(one, "HTTP")) == ("major_outage", "major_outage", "connect", "publish"), maximumRounds: 12);
        await _cloud.DisposeAsync();
        _cloud = await ServerProcess.StartAsync(_arguments);
        await RecoversAsync();
    }

    private async Task RecoversAsync()
    {
        JsonNode summary = await UntilAsync(one => one["incidents"]!.AsArray().Count == 0, maximumRounds: 40);
        Assert.Equal("operational", State(summary, "MQTT"));
        Assert.Contains("Closed automatically", await _http.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static TaskCompletionSource NewRound() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static JsonNode? Component(JsonNode summary, string name) => summary["components"]!.AsArray().SingleOrDefault(component => (string?)component!["name"] == name);

    private static string? State(JsonNode summary, string name) => (string?)Component(summary, name)?["status"];

    private static string? FirstFault(JsonNode summary, string name) => (string?)Component(summary, name)?["failing_steps"]!.AsArray().FirstOrDefault();

    // What was said about the incident of MQTT; silent watchers would be another one.
    private static string Told(JsonNode summary) => summary["incidents"]!.AsArray()
        .SingleOrDefault(incident => incident!["components"]!.AsArray().Any(component => (string?)component!["name"] == "MQTT"))?["incident_updates"]!.ToJsonString() ?? "";

    private void Watch(string token)
    {
        var watcher = new Watcher(
            new WatchOptions
            {
                Targets = [new WatchTarget("MQTT", new Uri($"mqtt://127.0.0.1:{_cloud.MqttPort}")), new WatchTarget("HTTP", new Uri($"http://127.0.0.1:{_cloud.HttpPort}"))],
                Report = _page.Address,
                Token = token,
                Interval = Interval,
                StepTimeout = StepTimeout,
                LateAfter = StepTimeout,
            },
            TimeProvider.System,
            NullLogger.Instance);
        _watchers.Add(watcher);
        _watching.Add(watcher.RunAsync(
            _ =>
            {
                Interlocked.Increment(ref _rounds);
                Interlocked.Exchange(ref _round, NewRound()).TrySetResult();
            },
            null,
            _ending.Token));
    }

    // Looks at the page after each round of a watcher; two watchers make twice the rounds.
    private async Task<JsonNode> UntilAsync(Func<JsonNode, bool> holds, int maximumRounds)
    {
        int end = Volatile.Read(ref _rounds) + (2 * maximumRounds);
        while (true)
        {
            Task next = Volatile.Read(ref _round).Task;
            JsonNode summary = JsonNode.Parse(await _http.GetStringAsync(new Uri("/api/v2/summary.json", UriKind.Relative), TestContext.Current.CancellationToken))!;
            if (holds(summary))
            {
                return summary;
            }

            Assert.True(Volatile.Read(ref _rounds) < end, $"after {maximumRounds} rounds the page says {summary.ToJsonString()}");
            await next.WaitAsync(Limit, TestContext.Current.CancellationToken);
        }
    }
}
