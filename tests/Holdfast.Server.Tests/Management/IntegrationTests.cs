using Holdfast.Server.Management;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Tests.Management;

public sealed class IntegrationTests : IAsyncDisposable
{
    private readonly List<string> _requests = [];
    private readonly WebApplication _server;
    private int _status;
    private int _moves;
    private string _body = "";

    public IntegrationTests()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
    }

    [Fact]
    public async Task Add_posts_the_integration_with_the_token()
    {
        TestTerminal terminal = await RunAsync(201, "{\"name\":\"x\"}", 0, "add", "--webhook", "http://h:9/p", "--filter", "a/#", "--token", "secret", "--product", "acme");
        Assert.Equal("POST /api/v1/products/acme/integrations Bearer secret {\"name\":\"webhook-h-9\",\"kind\":\"webhook\",\"filter\":\"a/#\",\"url\":\"http://h:9/p\"}", Assert.Single(_requests));
        Assert.Contains("added webhook-h-9", terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_admin_token_is_read_from_the_data_directory()
    {
        string data = Directory.CreateTempSubdirectory().FullName;
        await File.WriteAllTextAsync(Path.Combine(data, "admin-token"), "from-file\n", TestContext.Current.CancellationToken);
        await RunAsync(204, "", 0, "remove", "a b", "--data", data);
        Directory.Delete(data, recursive: true);
        Assert.StartsWith("DELETE /api/v1/products/default/integrations/a%20b Bearer from-file", Assert.Single(_requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_is_a_table_or_the_json_as_it_came()
    {
        const string Body = """{"integrations":[{"name":"one","kind":"webhook","filter":"a","url":"http://x","state":"retrying","delivered":3,"behind":1,"lastError":"no\nroute"}]}""";
        TestTerminal table = await RunAsync(200, Body, 0, "list");
        Assert.Contains("one   webhook  a", table.Output, StringComparison.Ordinal);
        Assert.Contains("no route", table.Output, StringComparison.Ordinal);
        TestTerminal json = await RunAsync(200, Body, 0, "list", "--json");
        Assert.Equal(Body, json.Output.Trim());
        Assert.Contains("no integrations", (await RunAsync(200, "[]", 0, "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_are_given_one_by_one_or_as_a_file_and_the_secret_is_printed_once()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{"maxBatch":5,"order":"none"}""", TestContext.Current.CancellationToken);
        TestTerminal terminal = await RunAsync(
            201, """{"name":"x","secret":"whsec_1"}""", 0,
            "add", "--webhook", "http://h/", "--filter", "a", "--name", "x", "--settings", file, "--set", "maxBatch=7", "--set", "auth={\"type\":\"bearer\",\"value\":\"a=b\"}", "--set", "eventPrefix=alarm");
        File.Delete(file);

        Assert.EndsWith("""{"name":"x","kind":"webhook","filter":"a","url":"http://h/","maxBatch":7,"order":"none","auth":{"type":"bearer","value":"a=b"},"eventPrefix":"alarm"}""", Assert.Single(_requests), StringComparison.Ordinal);
        Assert.Contains("shown this once: whsec_1", terminal.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""PATCH /api/v1/products/default/integrations/x Bearer t {"paused":true}""", "paused x", "pause", "x")]
    [InlineData("""PATCH /api/v1/products/default/integrations/x Bearer t {"paused":false}""", "resumed x", "resume", "x")]
    [InlineData("""PATCH /api/v1/products/default/integrations/x Bearer t {"url":"http://other/"}""", "changed x", "change", "x", "--set", "url=http://other/")]
    [InlineData("""POST /api/v1/products/default/integrations/x/secret Bearer t {"secret":null,"overlapSeconds":3600}""", "rotated x", "rotate", "x", "--overlap", "1h")]
    [InlineData("""DELETE /api/v1/products/default/integrations/x/dead-letters Bearer t""", "removed all", "dead-letters", "x", "--remove")]
    [InlineData("""DELETE /api/v1/products/default/integrations/x/dead-letters/e-1 Bearer t""", "removed e-1", "dead-letters", "x", "--remove", "--event", "e-1")]
    [InlineData("""POST /api/v1/products/default/integrations/x/replays Bearer t {"name":null,"events":["e1","e2"],"deadLetters":false,"device":null,"from":null,"to":null,"settings":null}""", "replaying as r", "replay", "x", "--event", "e1", "--event", "e2")]
    [InlineData("""POST /api/v1/products/default/integrations/x/replays Bearer t {"name":null,"events":null,"deadLetters":false,"device":"d","from":"2026-03-01","to":"2026-03-02","settings":{"url":"http://o/"}}""", "replaying as r", "replay", "x", "--device", "d", "--from", "2026-03-01", "--to", "2026-03-02", "--webhook", "http://o")]
    public async Task Every_verb_is_one_request(string request, string said, params string[] arguments)
    {
        TestTerminal terminal = await RunAsync(200, """{"name":"r"}""", 0, [.. arguments, "--token", "t"]);

        Assert.Equal(request, Assert.Single(_requests).TrimEnd());
        Assert.Contains(said, terminal.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("delivered", 0)]
    [InlineData("failed", 1)]
    public async Task A_test_shows_request_and_answer_and_fails_with_the_delivery(string outcome, int exitCode)
    {
        string body = "{\"request\":{\"method\":\"POST\",\"url\":\"http://h/\",\"headers\":{\"webhook-id\":\"i\"},\"body\":\"sent\",\"bodyEncoding\":\"string\"},"
            + "\"response\":{\"result\":\"" + outcome + "\",\"status\":500,\"error\":\"HTTP 500\",\"milliseconds\":1.25,\"contentType\":\"\",\"body\":\"said\"}}";
        TestTerminal terminal = await RunAsync(200, body, exitCode, "test", "x", "--token", "t");

        Assert.Contains($"POST http://h/\nwebhook-id: i\n\nsent\n\n{outcome} after 1.2 ms: HTTP 500\nsaid", terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dead_letters_are_a_line_each()
    {
        const string Letter = """{"eventId":"e-1","topic":"t","receivedAt":"r","refusedAt":"2026","status":410,"error":"HTTP 410","contentType":"","response":"a\nb"}""";
        TestTerminal terminal = await RunAsync(200, $$"""{"deadLetters":[{{Letter}}],"next":"e-1"}""", 0, "dead-letters", "x", "--token", "t");

        Assert.Contains("e-1  t  refused 2026: HTTP 410  a b\nmore with --after e-1", terminal.Output, StringComparison.Ordinal);
        Assert.Contains("no dead letters", (await RunAsync(200, """{"deadLetters":[],"next":null}""", 0, "dead-letters", "x", "--token", "t")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--set", "novalue")]
    [InlineData("--settings", "/nowhere.json")]
    public async Task A_setting_that_cannot_be_read_is_refused_before_anything_is_sent(string option, string value)
    {
        await RunAsync(200, "{}", 2, "change", "x", option, value);

        Assert.Empty(_requests);
    }

    [Theory]
    [InlineData(401, "", "wants a token")]
    [InlineData(409, "{\"title\":\"Conflict\",\"detail\":\"The name is taken.\"}", "answered 409: The name is taken.")]
    [InlineData(500, "not json", "answered 500: Internal Server Error")]
    public async Task A_refusal_is_one_line_and_exit_code_1(int status, string body, string message)
    {
        TestTerminal terminal = await RunAsync(status, body, 1, "list");
        Assert.Contains(message, terminal.Error, StringComparison.Ordinal);
        Assert.Equal(1, terminal.Error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task What_is_just_moving_to_another_node_is_asked_for_again()
    {
        _moves = 2;
        await RunAsync(204, "", 0, "remove", "a", "--token", "t");
        Assert.Equal(3, _requests.Count);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_one_line_and_exit_code_1()
    {
        var terminal = new TestTerminal();
        Assert.Equal(1, await terminal.RunAsync("integration", "list", "--server", "http://127.0.0.1:9"));
        Assert.Contains("cannot reach http://127.0.0.1:9/", terminal.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://example.com/x", "webhook-example-com")]
    [InlineData("http://127.0.0.1:9000", "webhook-127-0-0-1-9000")]
    [InlineData("http://[::1]:9000", "webhook-1--9000")]
    public void A_name_is_made_from_the_address(string url, string name) => Assert.Equal(name, IntegrationArguments.DefaultName(new Uri(url)));

    [Fact]
    public void A_made_name_is_not_longer_than_names_may_be()
        => Assert.Equal(63, IntegrationArguments.DefaultName(new Uri($"http://{new string('a', 60)}.example.com")).Length);

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private async Task<TestTerminal> RunAsync(int status, string body, int exitCode, params string[] arguments)
    {
        if (_server.Urls.Count == 0)
        {
            await StartAsync();
        }

        (_status, _body) = (status, body);
        var terminal = new TestTerminal();
        Assert.Equal(exitCode, await terminal.RunAsync(["integration", .. arguments, "--server", _server.Urls.First()]));
        return terminal;
    }

    private async Task StartAsync()
    {
        _server.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            string target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            _requests.Add($"{context.Request.Method} {target} {context.Request.Headers.Authorization} {await reader.ReadToEndAsync()}");
            if (_moves-- > 0)
            {
                context.Response.StatusCode = 503;
                context.Response.Headers.RetryAfter = "0";
                await context.Response.WriteAsync("""{"type":"urn:holdfast:problem:moving"}""");
                return;
            }

            context.Response.StatusCode = _status;
            if (_body.Length > 0)
            {
                await context.Response.WriteAsync(_body);
            }
        });
        await _server.StartAsync(TestContext.Current.CancellationToken);
    }
}
