using Holdfast.Api.Tests.Support;

namespace Holdfast.Api.Tests.Reference;

public sealed class OpenApiTests
{
    private const string ReferencePage = "/reference";

    [Fact]
    public async Task Every_route_of_the_running_server_is_documented_and_every_documented_one_is_a_route()
    {
        await using var host = await ApiHost.StartAsync();
        var document = await ReadAsync(host);

        var routes = host.Routes.Where(route => !route.Pattern.StartsWith(ReferencePage, StringComparison.Ordinal)).Order();

        Assert.Equal(routes, document.Operations.Select(operation => (operation.Method, operation.Path)).Order());
    }

    [Fact]
    public async Task Every_documented_answer_is_what_the_server_gives()
    {
        await using var host = await ApiHost.StartAsync();
        var document = await ReadAsync(host);
        var given = new HashSet<(string Method, string Path, int Status)>();
        var faults = new List<string>();
        await foreach (var exchange in Exchanges.RunAsync())
        {
            given.Add((exchange.Method, exchange.Path, exchange.Answer.Status));
            if (document.Judge(exchange.Method, exchange.Path, exchange.Answer.Status, exchange.Answer.ContentType, exchange.Answer.Body) is { } fault)
            {
                faults.Add(fault);
            }
        }

        Assert.Empty(faults);
        Assert.Empty(document.Answers.Except(given));
    }

    [Fact]
    public async Task Every_example_fits_its_schema()
    {
        await using var host = await ApiHost.StartAsync();
        var document = await ReadAsync(host);
        var examples = document.Examples.ToArray();

        Assert.InRange(examples.Length, 10, 1000);
        Assert.All(examples, example => Assert.Null(document.Check(example.Schema, example.Example, "$")));
    }

    [Theory]
    [InlineData("""{"id":"a","duplicate":false}""", true)]
    [InlineData("""{"id":null,"duplicate":false}""", true)]
    [InlineData("""{"id":7,"duplicate":false}""", false)]
    [InlineData("""{"id":"a"}""", false)]
    [InlineData("""{"id":"a","duplicate":false,"more":1}""", false)]
    [InlineData("""[]""", false)]
    public async Task The_check_of_an_answer_finds_what_is_wrong(string body, bool isRight)
    {
        await using var host = await ApiHost.StartAsync();
        var document = await ReadAsync(host);

        Assert.Equal(isRight, document.Judge("POST", ReadingScene.Path.Replace("default", "{product}", StringComparison.Ordinal), 202, "application/json", body) is null);
        Assert.NotNull(document.Judge("POST", "/api/v1/products/{product}/events", 299, "application/json", body));
        Assert.NotNull(document.Judge("POST", "/api/v1/products/{product}/events", 202, "text/html", body));
    }

    [Fact]
    public async Task The_reference_page_needs_nothing_from_other_machines()
    {
        await using var host = await ApiHost.StartAsync();

        var page = await host.SendAsync(HttpMethod.Get, ReferencePage + "/", withToken: false);

        Assert.Equal((200, "text/html"), (page.Status, page.ContentType));
        Assert.DoesNotContain("src=\"http", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("cdn", page.Body, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("openapi/v1.json", page.Body, StringComparison.Ordinal);
        foreach (var source in page.Body.Split("src=\"")[1..].Select(rest => rest[..rest.IndexOf('"', StringComparison.Ordinal)]))
        {
            var script = await host.SendAsync(HttpMethod.Get, new Uri(new Uri(host.Client.BaseAddress!, ReferencePage + "/"), source).PathAndQuery, withToken: false);
            Assert.Equal(200, script.Status);
        }
    }

    private static async Task<OpenApiDocument> ReadAsync(ApiHost host)
        => new((await host.SendAsync(HttpMethod.Get, "/openapi/v1.json", withToken: false)).Json);
}
