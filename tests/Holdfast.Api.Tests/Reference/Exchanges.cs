using System.Net.Http.Headers;
using System.Text;
using Holdfast.Api.Tests.Support;
using Holdfast.Broker.Health;
using Holdfast.Broker.Publishing;

namespace Holdfast.Api.Tests.Reference;

/// <summary>Requests that bring the server to every answer it has.</summary>
internal static class Exchanges
{
    private const string Events = "/api/v1/products/{product}/events";
    private const string Last = Events + "/last";
    private const string Integrations = "/api/v1/products/{product}/integrations";
    private const string Integration = Integrations + "/{name}";
    private const string Hook = """{"name":"hook","filter":"#","url":"https://example.org/"}""";
    private const string One = """{"topic":"t","payload":"x"}""";

    private static readonly (string, string) Far = ("X-Forwarded-For", "203.0.113.5");
    private static readonly (string, string) Stream = ("Accept", "text/event-stream");

    /// <summary>An exchange, with the path as it is documented.</summary>
    public sealed record Exchange(string Method, string Path, Answer Answer);

    public static async IAsyncEnumerable<Exchange> RunAsync()
    {
        await foreach (var exchange in NodeAsync())
        {
            yield return exchange;
        }

        await foreach (var exchange in PublishAsync())
        {
            yield return exchange;
        }

        await foreach (var exchange in ReadAsync())
        {
            yield return exchange;
        }

        await foreach (var exchange in IntegrationsAsync())
        {
            yield return exchange;
        }
    }

    private static async IAsyncEnumerable<Exchange> NodeAsync()
    {
        await using var host = await ApiHost.StartAsync();
        foreach (var state in new[] { CommitState.Committing, CommitState.Starting, CommitState.Stalled, CommitState.Full, CommitState.Draining })
        {
            host.Node.State = state;
            host.Node.Reason = "a reason";
            yield return await SendAsync(host, "GET", "/health/ready");
            yield return await SendAsync(host, "HEAD", "/health/ready");
        }

        yield return await SendAsync(host, "GET", "/health/live");
        yield return await SendAsync(host, "HEAD", "/health/live");
        yield return await SendAsync(host, "GET", "/openapi/v1.json");
        yield return await SendAsync(host, "GET", "/api/v1/cluster");
        yield return await SendAsync(host, "GET", "/api/v1/cluster", withToken: false, headers: Far);
        yield return await SendAsync(host, "POST", "/api/v1/cluster/nodes/{node}/drain", node: "a");
        yield return await SendAsync(host, "POST", "/api/v1/cluster/nodes/{node}/drain", node: "b");
        yield return await SendAsync(host, "POST", "/api/v1/cluster/nodes/{node}/drain", node: "a", withToken: false);
        yield return await SendAsync(host, "GET", "/metrics");
        yield return await SendAsync(host, "GET", "/metrics", withToken: false, headers: Far);
    }

    private static async IAsyncEnumerable<Exchange> PublishAsync()
    {
        await using var host = await ApiHost.StartAsync(options => options with { MaximumPayloadBytes = 1000 });
        yield return await SendAsync(host, "POST", Events, Json(One));
        yield return await SendAsync(host, "POST", Events, Json($"[{One},{One}]"));
        yield return await SendAsync(host, "POST", Events, Lines($"{One}\n{One}"));
        yield return await SendAsync(host, "POST", Events, new StringContent("bare"), query: "?topic=t&qos=0");
        yield return await SendAsync(host, "POST", Events, Lines($"{One}\n{{}}"));
        yield return await SendAsync(host, "POST", Events, Json("{"));
        yield return await SendAsync(host, "POST", Events, Json(One), withToken: false, headers: Far);
        yield return await SendAsync(host, "POST", Events, Json($$"""{"topic":"t","payload":"{{new string('x', 1001)}}"}"""));
        yield return await SendAsync(host, "POST", Events, new StringContent("bare"));
        yield return await SendAsync(host, "POST", Events, Json("{}"));
        host.Node.Result = new PublishResult(PublishStatus.Duplicate, null, "");
        yield return await SendAsync(host, "POST", Events, Json(One));
        host.Node.Result = new PublishResult(PublishStatus.NotCommitting, null, "stalled");
        yield return await SendAsync(host, "POST", Events, Json(One));
        host.Node.Result = new PublishResult(PublishStatus.Full, null, "no room");
        yield return await SendAsync(host, "POST", Events, Json(One));
        host.Node.Failure = new InvalidOperationException("a fault");
    }

    private static async IAsyncEnumerable<Exchange> ReadAsync()
    {
        await using var scene = await ReadingScene.StartAsync(options => options with { MaximumEventStreams = 1 });
        var host = scene.Host;
        await using var other = await ReadingScene.StartAsync(incarnation: "other");
        var foreign = (await other.GetAsync("")).Json.GetProperty("next").GetString();
        await scene.PublishManyAsync(5);
        await scene.PublishAsync("json", """{"a":1}""", contentType: "application/json");
        yield return await SendAsync(host, "GET", Events);
        yield return await SendAsync(host, "GET", Events, query: "?limit=2&device=d1");
        yield return await SendAsync(host, "GET", Events, product: "Not.Valid");
        yield return await SendAsync(host, "GET", Events, withToken: false, headers: Far);
        yield return await SendAsync(host, "GET", Events, headers: ("Accept", "image/png"));
        yield return await SendAsync(host, "GET", Events, query: $"?after={foreign}");
        yield return await SendAsync(host, "GET", Events, query: "?limit=0");
        yield return await SendAsync(host, "GET", Events, query: "?to=1", headers: Stream);
        await using (var stream = await scene.OpenAsync("?from=0"))
        {
            Assert.NotNull(await stream.NextAsync());
            yield return new Exchange("GET", Events, new Answer(stream.Status, stream.ContentType, "", null!));
            yield return await SendAsync(host, "GET", Events, headers: Stream);
        }

        yield return await SendAsync(host, "GET", Last);
        yield return await SendAsync(host, "GET", Last, product: "Not.Valid");
        yield return await SendAsync(host, "GET", Last, withToken: false, headers: Far);
        yield return await SendAsync(host, "GET", Last, query: "?limit=1");
        var topics = Enumerable.Range(0, 10_001).Select(number => $$"""{"topic":"t/{{number}}","payload":""}""").ToArray();
        await host.SendAsync(HttpMethod.Post, ReadingScene.Path, Lines(string.Join('\n', topics[..5000])));
        await host.SendAsync(HttpMethod.Post, ReadingScene.Path, Lines(string.Join('\n', topics[5000..])));
        yield return await SendAsync(host, "GET", Last);
        await using var full = await ReadingScene.StartAsync(options => options with { MaximumLastReaders = 0 });
        yield return await SendAsync(full.Host, "GET", Last);
    }

    private static async IAsyncEnumerable<Exchange> IntegrationsAsync()
    {
        await using var host = await ApiHost.StartAsync();
        yield return await SendAsync(host, "POST", Integrations, Json(Hook));
        yield return await SendAsync(host, "GET", Integration);
        yield return await SendAsync(host, "GET", Integrations);
        yield return await SendAsync(host, "DELETE", Integration);
        foreach (var method in new[] { "GET", "DELETE" })
        {
            yield return await SendAsync(host, method, Integration);
            yield return await SendAsync(host, method, Integration, withToken: false);
            yield return await SendAsync(host, method, Integration, product: "Not.Valid");
        }

        yield return await SendAsync(host, "GET", Integrations, withToken: false);
        yield return await SendAsync(host, "GET", Integrations, product: "Not.Valid");
        yield return await SendAsync(host, "POST", Integrations, Json("{"));
        yield return await SendAsync(host, "POST", Integrations, Json(Hook), withToken: false);
        yield return await SendAsync(host, "POST", Integrations, Json(new string(' ', 20_000) + Hook));
        yield return await SendAsync(host, "POST", Integrations, new StringContent(Hook));
        yield return await SendAsync(host, "POST", Integrations, Json("{}"));
        host.Node.AddResult = new(Broker.Integrations.AddIntegrationStatus.NameTaken, null, "name", "taken");
        yield return await SendAsync(host, "POST", Integrations, Json(Hook));
        host.Node.AddResult = new(Broker.Integrations.AddIntegrationStatus.ShuttingDown, null, "", "shutting down");
        yield return await SendAsync(host, "POST", Integrations, Json(Hook));
    }

    private static async Task<Exchange> SendAsync(
        ApiHost host, string method, string path, HttpContent? content = null, string query = "", string product = "default", string node = "a", bool withToken = true,
        params (string, string)[] headers)
    {
        var address = path.Replace("{product}", product, StringComparison.Ordinal).Replace("{name}", "hook", StringComparison.Ordinal)
            .Replace("{node}", node, StringComparison.Ordinal);
        return new Exchange(method, path, await host.SendAsync(new HttpMethod(method), address + query, content, withToken, headers));
    }

    private static StringContent Json(string text) => ApiHost.Json(text);

    private static StringContent Lines(string text) => new(text, Encoding.UTF8) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson") } };
}
