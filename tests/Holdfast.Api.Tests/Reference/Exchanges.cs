using System.Net.Http.Headers;
using System.Text;
using Holdfast.Api.Tests.Support;
using Holdfast.Broker.Calls;
using Holdfast.Broker.Health;
using Holdfast.Broker.Publishing;

namespace Holdfast.Api.Tests.Reference;

/// <summary>Requests that bring the server to every answer it has.</summary>
internal static class Exchanges
{
    private const string Events = "/api/v1/products/{product}/events";
    private const string Command = "/api/v1/products/{product}/devices/{device}/commands/{name}";
    private const string Last = Events + "/last";
    private const string Integrations = "/api/v1/products/{product}/integrations";
    private const string Integration = Integrations + "/{name}";
    private const string DeadLetters = Integration + "/dead-letters";
    private const string DeadLetter = DeadLetters + "/{event}";
    private const string Hook = """{"name":"hook","filter":"#","url":"https://example.org/"}""";
    private const string Bridge = """{"name":"plant","kind":"bridge","filter":"#","url":"mqtt://127.0.0.1:1","direction":"both","username":"u","password":"p","inbound":[{"filter":"plant/#"}]}""";
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

        await foreach (var exchange in CustodyExchanges.RunAsync())
        {
            yield return exchange;
        }

        await foreach (var exchange in CallsAsync())
        {
            yield return exchange;
        }

        await foreach (var exchange in IntegrationsAsync())
        {
            yield return exchange;
        }

        await foreach (var exchange in IdentityExchanges.RunAsync())
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

    private static async IAsyncEnumerable<Exchange> CallsAsync()
    {
        await using var host = await ApiHost.StartAsync(options => options with { MaximumPayloadBytes = 1000 });
        yield return await SendAsync(host, "POST", Command);
        yield return await SendAsync(host, "POST", Command, query: "?wait=1s");
        yield return await SendAsync(host, "POST", Command, query: "?wait=1h");
        yield return await SendAsync(host, "POST", Command, product: "Not.Valid");
        yield return await SendAsync(host, "POST", Command, withToken: false, headers: Far);
        yield return await SendAsync(host, "POST", Command, new StringContent(new string('x', 1001)));
        yield return await SendAsync(host, "POST", Command, new StringContent("x") { Headers = { ContentEncoding = { "gzip" } } });
        host.Calls.Result = new CallResult(CallStatus.Answered, "") { EventId = "e", Reply = new DeviceReply("no"u8.ToArray(), null, "1") };
        yield return await SendAsync(host, "POST", Command, query: "?wait=1s");
        foreach (var status in new[] { CallStatus.NoAnswer, CallStatus.NobodySubscribes, CallStatus.TooManyCalls, CallStatus.Full })
        {
            host.Calls.Result = new CallResult(status, "a reason");
            yield return await SendAsync(host, "POST", Command, query: "?wait=1s");
        }
    }

    private static async IAsyncEnumerable<Exchange> IntegrationsAsync()
    {
        await using var scene = await IntegrationScene.StartAsync();
        var host = scene.Host;
        yield return await SendAsync(host, "POST", Integrations, Json(Hook));
        yield return await SendAsync(host, "POST", Integrations, Json(Hook));
        yield return await SendAsync(host, "GET", Integration);
        yield return await SendAsync(host, "POST", Integrations, Json(Bridge));
        yield return await SendAsync(host, "GET", Integrations);
        yield return await SendAsync(host, "GET", Integrations, withToken: false);
        yield return await SendAsync(host, "GET", Integrations, product: "Not.Valid");
        yield return await SendAsync(host, "PATCH", Integration, Json("""{"paused":true,"auth":{"type":"bearer","value":"x"},"response":{},"tls":{}}"""));
        yield return await SendAsync(host, "POST", Integration + "/secret", Json("{}"));
        yield return await SendAsync(host, "POST", Integration + "/test", Json("""{"dryRun":true}"""));
        yield return await SendAsync(host, "POST", Integration + "/test", Json("{}"));
        await scene.Reading.PublishAsync("devices/d1/events/x", "x");
        yield return await SendAsync(host, "POST", Integration + "/replays", Json("""{"name":"again","from":"2020-01-01T00:00:00Z"}"""));
        yield return await SendAsync(host, "POST", Integration + "/replays", Json("""{"name":"again","from":"2020-01-01T00:00:00Z"}"""));
        foreach (var exchange in await DeadLettersAsync(scene))
        {
            yield return exchange;
        }

        foreach (var (method, path) in new[] { ("POST", Integrations), ("PATCH", Integration), ("POST", Integration + "/secret"), ("POST", Integration + "/test"), ("POST", Integration + "/replays") })
        {
            foreach (var exchange in await RefusalsAsync(host, method, path))
            {
                yield return exchange;
            }
        }

        yield return await SendAsync(host, "DELETE", Integration);
        foreach (var (method, path) in new[] { ("GET", Integration), ("DELETE", Integration), ("GET", DeadLetters), ("DELETE", DeadLetters), ("DELETE", DeadLetter) })
        {
            yield return await SendAsync(host, method, path);
            yield return await SendAsync(host, method, path, withToken: false);
            yield return await SendAsync(host, method, path, product: "Not.Valid");
        }

        foreach (var (method, path) in new[] { ("PATCH", Integration), ("POST", Integration + "/secret"), ("POST", Integration + "/test"), ("POST", Integration + "/replays") })
        {
            yield return await SendAsync(host, method, path, Json("{}"));
        }

        yield return await SendAsync(host, "POST", Integrations, Json(Hook));
        await using var stopping = await IntegrationScene.StartAsync();
        await stopping.Service.StopAsync();
        yield return await SendAsync(stopping.Host, "POST", Integrations, Json(Hook));
        yield return await SendAsync(stopping.Host, "PATCH", Integration, Json("{}"));
        yield return await SendAsync(stopping.Host, "POST", Integration + "/secret", Json("{}"));
        await using var moving = await IntegrationScene.StartAsync(new OtherNode(null) { Moves = true });
        foreach (var (method, path) in new[]
        {
            ("GET", Integration), ("DELETE", Integration), ("POST", Integration + "/test"), ("POST", Integration + "/replays"), ("GET", DeadLetters), ("DELETE", DeadLetters), ("DELETE", DeadLetter),
        })
        {
            yield return await SendAsync(moving.Host, method, path);
        }
    }

    private static async Task<IReadOnlyList<Exchange>> DeadLettersAsync(IntegrationScene scene)
    {
        var letter = new Log.State.StoredDeadLetter(
            "default", "hook", 0, 0, "devices/d1/events/x", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 410, "HTTP 410 Gone", "text/plain", "gone"u8.ToArray());
        await scene.Store.SaveDeadLetterAsync(letter);
        await scene.Store.SaveDeadLetterAsync(letter with { Offset = 1 });
        return
        [
            await SendAsync(scene.Host, "GET", DeadLetters),
            await SendAsync(scene.Host, "GET", DeadLetters, query: "?limit=1"),
            await SendAsync(scene.Host, "GET", DeadLetters, query: "?limit=0"),
            await SendAsync(scene.Host, "DELETE", DeadLetter),
            await SendAsync(scene.Host, "DELETE", DeadLetters),
        ];
    }

    private static async Task<IReadOnlyList<Exchange>> RefusalsAsync(ApiHost host, string method, string path) =>
    [
        await SendAsync(host, method, path, Json("{")),
        await SendAsync(host, method, path, Json("{}"), withToken: false),
        await SendAsync(host, method, path, Json(new string(' ', 300_000) + "{}")),
        await SendAsync(host, method, path, new StringContent("{}")),
        await SendAsync(host, method, path, Json("""{"nothing":1}""")),
    ];

    private static async Task<Exchange> SendAsync(
        ApiHost host, string method, string path, HttpContent? content = null, string query = "", string product = "default", string node = "a", bool withToken = true,
        params (string, string)[] headers)
    {
        var address = path.Replace("{product}", product, StringComparison.Ordinal).Replace("{name}", "hook", StringComparison.Ordinal)
            .Replace("{event}", "memory-0-0", StringComparison.Ordinal).Replace("{node}", node, StringComparison.Ordinal).Replace("{device}", "d1", StringComparison.Ordinal);
        return new Exchange(method, path, await host.SendAsync(new HttpMethod(method), address + query, content, withToken, headers));
    }

    private static StringContent Json(string text) => ApiHost.Json(text);

    private static StringContent Lines(string text) => new(text, Encoding.UTF8) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson") } };
}
