using System.Text.Json.Nodes;
using Holdfast.Status.Tests.Support;
using Holdfast.Status.Watching;
using Holdfast.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Status.Tests.Watching;

public sealed class PaceTests
{
    /// <summary>Who waits for what fails is not silent: with an interval of a second, three of them pass while two steps time out.</summary>
    [Fact]
    public async Task A_watcher_says_how_long_its_rounds_may_take()
    {
        await using WebhookReceiver page = await WebhookReceiver.StartAsync();
        var options = new WatchOptions
        {
            Targets = [new WatchTarget("MQTT", new Uri($"mqtt://127.0.0.1:{FreePorts.Take()}"))],
            Interval = TimeSpan.FromSeconds(1),
            StepTimeout = TimeSpan.FromSeconds(5),
            Report = new Uri(page.Url),
            Token = "token",
        };
        await using var watcher = new Watcher(options, TimeProvider.System, NullLogger.Instance);
        await watcher.RunAsync(_ => { }, 1, TestContext.Current.CancellationToken);
        JsonNode report = (await page.NextAsync()).Json;
        Assert.True((double)report["interval"]! >= options.StepTimeout.TotalMilliseconds, report.ToJsonString());
    }
}
