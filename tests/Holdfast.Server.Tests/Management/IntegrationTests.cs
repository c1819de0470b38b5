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
            context.Response.StatusCode = _status;
            if (_body.Length > 0)
            {
                await context.Response.WriteAsync(_body);
            }
        });
        await _server.StartAsync(TestContext.Current.CancellationToken);
    }
}
