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
    private const string Operator = "operator@example.com";

    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory _directory = new();
    private readonly List<CommandProcess> _processes = [];
    private MailServer _mail = null!;
    private WebhookReceiver _hooks = null!;
    private ServerArguments _arguments = null!;
    private ServerProcess _broker = null!;
    private string _address = "";

    private string Data => _directory.Below("page");

    public async ValueTask InitializeAsync()
    {
        _mail = await MailServer.StartAsync();
        _hooks = await WebhookReceiver.StartAsync();
        _arguments = new ServerArguments(_directory.Below("cloud")) { MqttPort = FreePorts.Take(), HttpPort = FreePorts.Take() };
        _broker = await ServerProcess.StartAsync(_arguments);
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(
            Path.Combine(Data, "notifications.json"),
            new JsonObject
            {
                ["smtp"] = new JsonObject { ["host"] = "127.0.0.1", ["port"] = _mail.Port, ["security"] = "none", ["from"] = "status@example.com" },
                ["alerts"] = new JsonArray(
                    new JsonObject { ["channel"] = "email", ["address"] = Operator },
                    new JsonObject { ["channel"] = "webhook", ["address"] = _hooks.Url }),
            }.ToJsonString(),
            TestContext.Current.CancellationToken);
        CommandProcess page = Start("status", "serve", "--data", Data, "--listen", "http://127.0.0.1:0");
        _address = (await page.LineAsync(line => line.StartsWith("listening ", StringComparison.Ordinal)))["listening ".Length..];
        foreach ((string name, int port) in new[] { ("oslo-1", _broker.MqttPort), ("rome-1", _broker.MqttPort), ("mars-1", FreePorts.Take()) })
        {
            string token = (await CommandProcess.RunAsync("", "status", "watcher", "add", name, "--location", name[..4], "--data", Data)).Trim();
            CommandProcess watcher = Start("watch", "--target", $"mqtt://127.0.0.1:{port}", "--report", _address, "--token", token, "--json");
            await watcher.LineAsync(line => line.Contains("\"Step\"", StringComparison.OrdinalIgnoreCase));
        }

        await UntilAsync("operational", TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (CommandProcess process in Enumerable.Reverse(_processes))
        {
            await process.DisposeAsync();
        }

        await _broker.DisposeAsync();
        await _mail.DisposeAsync();
        await _hooks.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("frozen", "acknowledge")]
    [InlineData("killed", "connect")]
    [InlineData("stalled", "(acknowledge|connect)")] // A broker that cannot commit acknowledges nothing at first; after ten seconds it refuses devices and disconnects them.
    public async Task What_happens_to_the_broker_is_on_the_page_within_thirty_seconds_and_everybody_is_told(string fault, string step)
    {
        // Meanwhile one of three has failed all the time.
        Assert.Empty((await SummaryAsync())["incidents"]!.AsArray());
        long start = Stopwatch.GetTimestamp();
        using Process? tracer = await BreakAsync(fault);
        JsonNode summary = await UntilAsync("major_outage", DefaultLimit);
        Assert.True(Stopwatch.GetElapsedTime(start) < DefaultLimit, $"{Stopwatch.GetElapsedTime(start)}");
        JsonNode incident = Assert.Single(summary["incidents"]!.AsArray())!;
        Assert.Matches($"[ ;]{step} \\(", incident.ToJsonString());

        // Two of three suffice, and one of them may be the one that always fails.
        Assert.Matches("oslo|rome", incident["locations"]!.ToJsonString());
        Mail alert = await _mail.NextAsync(Operator);
        Assert.StartsWith("ALERT investigating: MQTT", alert.Header("Subject"), StringComparison.Ordinal);
        Hook hook = await _hooks.NextAsync();
        Assert.Equal(("status.alert", "critical"), ((string?)hook.Json["type"], (string?)hook.Json["data"]!["impact"]));

        await RepairAsync(fault, tracer);
        summary = await UntilAsync("operational", TimeSpan.FromSeconds(90));
        Assert.Empty(summary["incidents"]!.AsArray());
        Assert.StartsWith("ALERT resolved: MQTT", (await _mail.NextAsync(Operator, mail => mail.Header("Subject").Contains("resolved", StringComparison.Ordinal))).Header("Subject"), StringComparison.Ordinal);
        string list = await CommandProcess.RunAsync("", "status", "incident", "list", "--server", _address, "--data", Data, "--json");
        Assert.Equal("resolved", (string?)JsonNode.Parse(list)![0]!["status"]);
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

    private CommandProcess Start(params string[] arguments)
    {
        CommandProcess process = CommandProcess.Start(arguments);
        _processes.Add(process);
        return process;
    }

    private async Task<JsonNode> SummaryAsync()
    {
        using var http = new HttpClient();
        return JsonNode.Parse(await http.GetStringAsync(new Uri($"{_address}/api/v2/summary.json"), TestContext.Current.CancellationToken))!;
    }

    private async Task<JsonNode> UntilAsync(string state, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        while (true)
        {
            JsonNode summary = await SummaryAsync();
            if (summary["components"]!.AsArray().Any(component => (string?)component!["name"] == "MQTT" && (string?)component["status"] == state))
            {
                return summary;
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < limit, $"not {state} after {limit}: {summary.ToJsonString()}");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
