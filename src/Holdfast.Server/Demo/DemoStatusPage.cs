using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;
using Holdfast.Server.Management;
using Holdfast.Server.StatusPage;
using Holdfast.Status;

namespace Holdfast.Server.Demo;

/// <summary>
/// The status page of the demonstration and the watcher that feeds it: processes beside the broker, as they would be machines beside it. Nobody tells the page what happens.
/// </summary>
internal sealed class DemoStatusPage : IAsyncDisposable
{
    private const string Product = "watched";
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private readonly BrokerProcess _page;
    private readonly BrokerProcess _watcher;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    private DemoStatusPage(BrokerProcess page, BrokerProcess watcher, TimeProvider time)
    {
        _page = page;
        _watcher = watcher;
        _time = time;
        _http = new HttpClient { BaseAddress = page.Http };
    }

    /// <summary>Starts both.</summary>
    /// <param name="program">What runs them.</param>
    /// <param name="data">The page's data directory; made.</param>
    /// <param name="broker">The broker that is watched.</param>
    /// <param name="api">Its API.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">One of them did not start.</exception>
    public static async Task<DemoStatusPage> StartAsync(
        BrokerProgram program, string data, KillableBroker broker, ApiClient api, TimeProvider time, CancellationToken cancellationToken)
    {
        // What the watcher sends is a product's own: the counts are of the devices only.
        await CallAsync(api, "api/v1/products", new JsonObject { ["name"] = Product }, cancellationToken);
        JsonElement made = await CallAsync(
            api, $"api/v1/products/{Product}/tokens", new JsonObject { ["name"] = "watcher", ["scopes"] = new JsonArray("publish", "subscribe", "read") }, cancellationToken);
        string token = made.GetProperty("token").GetString()!;
        string watcherToken;
        using (var registry = new WatcherRegistry(data))
        {
            watcherToken = registry.Add("demo", "here");
        }

        BrokerProcess page = await BrokerProcess.StartAsync(program, ["status", "serve", "--data", data, "--listen", "http://127.0.0.1:0"], [], KillableBroker.StartTimeout, cancellationToken);
        try
        {
            // Two failed rounds in turn are needed, so they follow each other fast.
            BrokerProcess watcher = BrokerProcess.Start(
                program,
                [
                    "watch", "--target", $"mqtt://token:{token}@{broker.Mqtt.Authority}", "--target", $"http://{broker.Http.Authority}", "--product", Product, "--target-token", token,
                    "--report", page.Http!.ToString(), "--interval", "100ms", "--timeout", "5s", "--late", "5s",
                ],
                [new("HOLDFAST_WATCHER_TOKEN", watcherToken)]);
            return new DemoStatusPage(page, watcher, time);
        }
        catch
        {
            await page.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the page says that all is well.</summary>
    /// <returns>Whether it does, within the time.</returns>
    public Task<bool> IsWellAsync(TimeSpan limit, CancellationToken cancellationToken) => UntilAsync(
        "api/v2/summary.json",
        summary => summary.GetProperty("status").GetProperty("indicator").GetString() == "none" && summary.GetProperty("components").EnumerateArray().Count(component => component.GetProperty("name").GetString() != "Monitoring") == 2,
        limit,
        cancellationToken);

    /// <summary>Waits until the page says that not all is well.</summary>
    /// <returns>Whether it does, within the time.</returns>
    public Task<bool> HasNoticedAsync(TimeSpan limit, CancellationToken cancellationToken)
        => UntilAsync("api/v2/summary.json", summary => summary.GetProperty("status").GetProperty("indicator").GetString() != "none", limit, cancellationToken);

    /// <summary>Reads what the page has recorded, once that is over or the time is; and writes the page as files, which stay.</summary>
    /// <param name="killedAt">When the broker was killed.</param>
    /// <param name="directory">Where to write the page.</param>
    /// <param name="limit">How long to wait for the end of the incident.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<DemoIncident?> ReadAsync(DateTimeOffset killedAt, string directory, TimeSpan limit, CancellationToken cancellationToken)
    {
        await IsWellAsync(limit, cancellationToken);
        using JsonDocument all = JsonDocument.Parse(await _http.GetByteArrayAsync(new Uri("api/v2/incidents.json", UriKind.Relative), cancellationToken));
        JsonElement[] incidents = [.. all.RootElement.GetProperty("incidents").EnumerateArray().Where(incident => At(incident, "updated_at") > killedAt)];
        if (incidents.Length == 0)
        {
            return null;
        }

        // The one of the kill is the first that was told after it.
        JsonElement incident = incidents.MinBy(one => At(one, "started_at"));
        var silent = new Terminal(Stream.Null, Stream.Null, TextWriter.Null);
        int code = await ExportCommand.RunAsync(_page.Http!, directory, silent, cancellationToken);
        return new DemoIncident(
            incident.GetProperty("name").GetString()!,
            [.. incident.GetProperty("incident_updates").EnumerateArray().Reverse().Select(update => new DemoUpdate(
                At(update, "created_at"), update.GetProperty("status").GetString()!, update.GetProperty("body").GetString()!))],
            killedAt,
            incident.GetProperty("resolved_at").ValueKind == JsonValueKind.String ? At(incident, "resolved_at") - At(incident, "started_at") : null,
            code == ExitCodes.Success ? Path.Combine(directory, "index.html") : null);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _watcher.DisposeAsync();
        await _page.DisposeAsync();
    }

    private static DateTimeOffset At(JsonElement json, string name) => json.GetProperty(name).GetDateTimeOffset();

    private static async Task<JsonElement> CallAsync(ApiClient api, string path, JsonObject body, CancellationToken cancellationToken)
    {
        ApiAnswer answer = await api.SendAsync(HttpMethod.Post, path, body.ToJsonString(), cancellationToken);
        return answer.IsSuccess ? answer.Body : throw new InvalidOperationException($"the watcher's product could not be made: {answer.Problem}");
    }

    private async Task<bool> UntilAsync(string path, Func<JsonElement, bool> holds, TimeSpan limit, CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        do
        {
            using JsonDocument document = JsonDocument.Parse(await _http.GetByteArrayAsync(new Uri(path, UriKind.Relative), cancellationToken));
            if (holds(document.RootElement))
            {
                return true;
            }

            await Task.Delay(LookInterval, _time, cancellationToken);
        }
        while (_time.GetElapsedTime(start) < limit);
        return false;
    }
}
