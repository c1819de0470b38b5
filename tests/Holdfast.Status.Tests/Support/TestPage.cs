using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Holdfast.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Support;

/// <summary>A page with one watcher, over HTTP.</summary>
public sealed class TestPage : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TimeProvider _time;
    private StatusServer? _server;
    private string _watcher = "";
    private long _sequence;
    private DateTimeOffset _reportedAt;

    private TestPage(TimeProvider time)
    {
        _time = time;
    }

    public HttpClient Http { get; private set; } = null!;

    public string Directory => _directory.Path;

    public Uri Address => _server!.Address;

    public string AdminToken => File.ReadAllText(_directory.Below("admin-token")).Trim();

    public static async Task<TestPage> StartAsync(TimeProvider time, JsonNode? options = null, JsonNode? notifications = null)
    {
        var page = new TestPage(time);
        using (var registry = new WatcherRegistry(page.Directory))
        {
            page._watcher = registry.Add("oslo-1", "oslo");
        }

        page.Write("status.json", options);
        page.Write("notifications.json", notifications);
        await page.StartAsync();
        return page;
    }

    public async Task StartAsync()
    {
        _server = await StatusServer.StartAsync(Directory, new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance, _time, TestContext.Current.CancellationToken);
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = _server.Address };
    }

    public async Task StopAsync()
    {
        Http.Dispose();
        await _server!.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Dispose();
    }

    /// <summary>The watcher reports as many rounds as turn a component, so that the outcome is on the page.</summary>
    public Task FailAsync(string component = "MQTT") => ReportAsync("failed", 2, component);

    public Task RecoverAsync(string component = "MQTT") => ReportAsync("ok", 3, component);

    public async Task ReportAsync(string verdict, int rounds, string component = "MQTT", string detail = "", TimeSpan? interval = null)
    {
        long now = await NextRoundAsync(rounds);
        var observation = new JsonObject { ["component"] = component, ["step"] = "acknowledge", ["verdict"] = verdict, ["milliseconds"] = 2.5, ["detail"] = detail };
        var report = new JsonObject
        {
            ["stream"] = "one",
            ["interval"] = (long)(interval ?? TimeSpan.FromSeconds(10)).TotalMilliseconds,
            ["sentAt"] = now,
            ["rounds"] = new JsonArray([.. Enumerable.Range(1, rounds).Select(round => (JsonNode)new JsonObject { ["sequence"] = ++_sequence, ["at"] = now - (rounds - round), ["observations"] = new JsonArray(observation.DeepClone()) })]),
        };
        using HttpResponseMessage response = await SendAsync(HttpMethod.Post, "api/v1/reports", report, _watcher);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        // The next round must begin later than these.
        _reportedAt = _time.GetUtcNow();
        (_time as FakeTimeProvider)?.Advance(TimeSpan.FromSeconds(1));
    }

    /// <summary>Calls the management API.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Body)> CallAsync(HttpMethod method, string path, JsonNode? body = null)
    {
        using HttpResponseMessage response = await SendAsync(method, $"api/v1/{path}", body, AdminToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    /// <summary>Calls the management API, which must do what is asked.</summary>
    public async Task<JsonNode> DoAsync(HttpMethod method, string path, JsonNode? body = null)
    {
        (HttpStatusCode status, JsonNode? answer) = await CallAsync(method, path, body);
        Assert.True((int)status < 300, $"{method} {path}: {status} {answer?.ToJsonString()}");
        return answer ?? new JsonObject();
    }

    public Task<string> GetAsync(string path) => Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    public async Task<JsonNode> GetJsonAsync(string path) => JsonNode.Parse(await GetAsync(path))!;

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, JsonNode? body, string token)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    // A round that is not later than the one before is no news to the page, and on a fast machine two reports may share a millisecond.
    private async Task<long> NextRoundAsync(int rounds)
    {
        DateTimeOffset now = _time.GetUtcNow();
        while (now < _reportedAt + TimeSpan.FromMilliseconds(rounds))
        {
            await Task.Yield();
            now = _time.GetUtcNow();
        }

        return now.ToUnixTimeMilliseconds();
    }

    private void Write(string name, JsonNode? content)
    {
        if (content is not null)
        {
            File.WriteAllText(_directory.Below(name), content.ToJsonString());
        }
    }
}
