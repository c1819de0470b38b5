using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Tests.Management;

public sealed class CallTests : IAsyncDisposable
{
    private readonly List<string> _requests = [];
    private readonly WebApplication _server;
    private (int Status, string Type, string Body) _answer;

    public CallTests()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            string target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            _requests.Add($"{context.Request.Method} {target} {context.Request.ContentType} {await reader.ReadToEndAsync()}");
            (context.Response.StatusCode, context.Response.ContentType) = (_answer.Status, _answer.Type);
            await context.Response.WriteAsync(_answer.Body);
        });
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task What_the_device_answers_is_printed()
    {
        using TestTerminal terminal = await RunAsync((200, "text/plain", "closed"), 0, "pump 7", "valve/close", "now", "--wait", "2s", "--content-type", "text/plain", "--product", "acme");

        Assert.Equal("POST /api/v1/products/acme/devices/pump%207/commands/valve/close?wait=2s text/plain now", Assert.Single(_requests));
        Assert.Equal("closed\n", terminal.Output);
    }

    [Fact]
    public async Task A_payload_comes_from_standard_input_and_the_answer_as_json()
    {
        using TestTerminal terminal = await RunAsync((200, "application/json", "{}"), 0, "d", "x", "-", "--json");

        Assert.Equal("POST /api/v1/products/default/devices/d/commands/x?wait=10s  from input", Assert.Single(_requests));
        Assert.Equal("""{"failed":false,"contentType":"application/json","payload":"{}"}""", terminal.Output.Trim());
    }

    [Fact]
    public async Task A_command_that_failed_is_told_with_what_the_device_says()
    {
        using TestTerminal terminal = await RunAsync((424, "text/plain", "stuck"), 1, "d", "x");

        Assert.Equal("stuck\n", terminal.Output);
        Assert.Contains("the command failed", terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_answer_the_reason_is_one_line()
    {
        using TestTerminal terminal = await RunAsync((408, "application/problem+json", """{"title":"t","detail":"The device has not answered."}"""), 1, "d", "x");

        Assert.Contains("answered 408: The device has not answered.", terminal.Error, StringComparison.Ordinal);
        Assert.Empty(terminal.Output);
    }

    [Fact]
    public async Task A_stored_command_is_told_with_the_topic_of_its_answer()
    {
        using TestTerminal terminal = await RunAsync((202, "application/json", """{"id":"e-1","replyTopic":"devices/d/replies/1"}"""), 0, "d", "x", "--store");

        Assert.EndsWith("/commands/x  ", Assert.Single(_requests), StringComparison.Ordinal);
        Assert.Equal("stored as e-1; the answer goes to devices/d/replies/1\n", terminal.Output);
    }

    private async Task<TestTerminal> RunAsync((int Status, string Type, string Body) answer, int exitCode, params string[] arguments)
    {
        _answer = answer;
        await _server.StartAsync(TestContext.Current.CancellationToken);
        var terminal = new TestTerminal("from input");
        Assert.Equal(exitCode, await terminal.RunAsync(["call", .. arguments, "--server", _server.Urls.First()]));
        return terminal;
    }
}
