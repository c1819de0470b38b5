using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Holdfast.Status.Tests.Support;

/// <summary>A page and its watchers as processes, as they are run, with a real mail server and a receiver of webhooks for the operators.</summary>
public sealed class StatusLab : IAsyncDisposable
{
    public const string Operator = "operator@example.com";

    private readonly List<CommandProcess> _processes = [];
    private readonly string _data;

    private StatusLab(string data, MailServer mail, WebhookReceiver hooks)
    {
        _data = data;
        Mail = mail;
        Hooks = hooks;
    }

    public MailServer Mail { get; }

    public WebhookReceiver Hooks { get; }

    public string Address { get; private set; } = "";

    public static async Task<StatusLab> StartAsync(string data)
    {
        var lab = new StatusLab(data, await MailServer.StartAsync(), await WebhookReceiver.StartAsync());
        Directory.CreateDirectory(data);
        await File.WriteAllTextAsync(
            Path.Combine(data, "notifications.json"),
            new JsonObject
            {
                ["smtp"] = new JsonObject { ["host"] = "127.0.0.1", ["port"] = lab.Mail.Port, ["security"] = "none", ["from"] = "status@example.com" },
                ["alerts"] = new JsonArray(
                    new JsonObject { ["channel"] = "email", ["address"] = Operator },
                    new JsonObject { ["channel"] = "webhook", ["address"] = lab.Hooks.Url }),
            }.ToJsonString(),
            TestContext.Current.CancellationToken);
        CommandProcess page = lab.Start("status", "serve", "--data", data, "--listen", "http://127.0.0.1:0");
        lab.Address = (await page.LineAsync(line => line.StartsWith("listening ", StringComparison.Ordinal)))["listening ".Length..];
        return lab;
    }

    /// <summary>Starts a watcher on the default schedule, and waits for its first round.</summary>
    public async Task WatchAsync(string name, params string[] options)
    {
        string token = (await CommandProcess.RunAsync("", "status", "watcher", "add", name, "--location", name[..4], "--data", _data)).Trim();
        CommandProcess watcher = Start(["watch", "--report", Address, "--token", token, "--json", .. options]);
        await watcher.LineAsync(line => line.Contains("\"Step\"", StringComparison.OrdinalIgnoreCase));
    }

    public async Task<JsonNode> SummaryAsync()
    {
        using var http = new HttpClient();
        return JsonNode.Parse(await http.GetStringAsync(new Uri($"{Address}/api/v2/summary.json"), TestContext.Current.CancellationToken))!;
    }

    /// <summary>Waits until a component is in a state.</summary>
    public async Task<JsonNode> UntilAsync(string component, string state, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        while (true)
        {
            JsonNode summary = await SummaryAsync();
            if (summary["components"]!.AsArray().Any(one => (string?)one!["name"] == component && (string?)one["status"] == state))
            {
                return summary;
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < limit, $"{component} is not {state} after {limit}: {summary.ToJsonString()}");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The mail server and the webhook are told that an incident of a component opened by itself.</summary>
    public async Task AlertedAsync(string component)
    {
        Assert.StartsWith($"ALERT investigating: {component}", (await Mail.NextAsync(Operator)).Header("Subject"), StringComparison.Ordinal);
        Hook hook = await Hooks.NextAsync();
        Assert.Equal(("status.alert", "critical"), ((string?)hook.Json["type"], (string?)hook.Json["data"]!["impact"]));
    }

    /// <summary>The component is well again, the incident over, and everybody told.</summary>
    public async Task RecoversAsync(string component, TimeSpan limit)
    {
        JsonNode summary = await UntilAsync(component, "operational", limit);
        Assert.Empty(summary["incidents"]!.AsArray());
        Mail end = await Mail.NextAsync(Operator, mail => mail.Header("Subject").Contains("resolved", StringComparison.Ordinal));
        Assert.StartsWith($"ALERT resolved: {component}", end.Header("Subject"), StringComparison.Ordinal);
        string list = await CommandProcess.RunAsync("", "status", "incident", "list", "--server", Address, "--data", _data, "--json");
        Assert.Equal("resolved", (string?)JsonNode.Parse(list)![0]!["status"]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (CommandProcess process in Enumerable.Reverse(_processes))
        {
            await process.DisposeAsync();
        }

        await Mail.DisposeAsync();
        await Hooks.DisposeAsync();
    }

    private CommandProcess Start(params string[] arguments)
    {
        CommandProcess process = CommandProcess.Start(arguments);
        _processes.Add(process);
        return process;
    }
}
