using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Holdfast.Status.Judgement;
using Holdfast.Status.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Attacks;

/// <summary>What somebody can do who has stolen a watcher's token, or has none.</summary>
public sealed class StrangerTests : IAsyncLifetime
{
    private const string Script = "\"'><script>alert(1)</script>";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private TestPage _page = null!;

    public async ValueTask InitializeAsync() => _page = await TestPage.StartAsync(
        _clock,
        new JsonObject { ["address"] = "https://status.example.com" },
        new JsonObject { ["smtp"] = new JsonObject { ["host"] = "127.0.0.1", ["port"] = 1, ["security"] = "none", ["from"] = "status@example.com" } });

    public ValueTask DisposeAsync() => _page.DisposeAsync();

    [Fact]
    public async Task Script_is_text_in_every_document()
    {
        await _page.ReportAsync("failed", 2, $"{Script} component", $"{Script} detail");
        string[] paths = [.. (await _page.GetJsonAsync("site.json"))["paths"]!.AsArray().Select(path => (string)path!), "subscribe", $"subscribe?{Uri.EscapeDataString(Script)}"];
        Assert.Contains(paths, path => path.StartsWith("incidents/", StringComparison.Ordinal));
        Assert.Contains(paths, path => path.StartsWith("components/", StringComparison.Ordinal));
        foreach (string path in paths)
        {
            using HttpResponseMessage response = await _page.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            string type = response.Content.Headers.ContentType!.MediaType!;
            Assert.True(type is "application/json" or "text/csv" or "text/plain" or "text/calendar" or "text/css" || !text.Contains("<script", StringComparison.OrdinalIgnoreCase), $"{path} ({type}): {text}");
        }
    }

    [Fact]
    public async Task Script_in_an_address_or_a_path_is_never_markup()
    {
        using var content = new StringContent($"address={Uri.EscapeDataString($"{Script}@example.com")}&component={Uri.EscapeDataString(Script)}", Encoding.UTF8, "application/x-www-form-urlencoded");
        using HttpResponseMessage refused = await _page.Http.PostAsync(new Uri("subscribe", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.DoesNotContain("<script", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.OrdinalIgnoreCase);
        foreach (string path in new[] { "%3Cscript%3Ealert(1)%3C/script%3E", "confirm/%3Cscript%3E/x", "unsubscribe/%3Cscript%3E/x", "components/%3Cscript%3E.html" })
        {
            using HttpResponseMessage response = await _page.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(response.Content.Headers.ContentType!.MediaType == "application/problem+json" || !text.Contains("<script", StringComparison.OrdinalIgnoreCase), $"{path}: {text}");
        }
    }

    [Theory]
    [InlineData("MQTT\r\nBcc: victim@example.com")]
    [InlineData("MQTT\u2028is down")]
    [InlineData("\u202Epmet si TTQM")]
    [InlineData(" MQTT")]
    public async Task Names_that_break_lines_or_turn_the_text_around_are_refused(string component)
    {
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => _page.FailAsync(component));
        Assert.Empty((await _page.DoAsync(HttpMethod.Get, "components")).AsArray());
    }

    [Fact]
    public async Task A_stolen_token_cannot_fill_the_page_with_components()
    {
        await _page.ReportAsync("ok", 1);
        for (int count = 0; count < Judge.MaximumComponents + 10; count++)
        {
            await _page.ReportAsync("ok", 1, $"Forged {count}");
        }

        Assert.Equal(Judge.MaximumComponents, (await _page.DoAsync(HttpMethod.Get, "components")).AsArray().Count);

        // What was there before goes on.
        await _page.FailAsync();
        Assert.Contains("published messages are not acknowledged", await _page.GetAsync(""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_of_the_past_or_the_future_changes_nothing_that_is_shown()
    {
        await _page.ReportAsync("ok", 1);
        await _page.ForgeAsync("failed", at: _clock.GetUtcNow() - TimeSpan.FromHours(2), HttpStatusCode.OK);
        await _page.ForgeAsync("failed", at: _clock.GetUtcNow() + TimeSpan.FromHours(2), HttpStatusCode.UnprocessableEntity);
        Assert.Equal("operational", (string?)(await _page.GetJsonAsync("api/v2/components.json"))["components"]![0]!["status"]);
        Assert.Empty((await _page.DoAsync(HttpMethod.Get, "incidents")).AsArray());
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task Another_site_cannot_log_its_visitor_in(string header, string value)
    {
        using (var registry = new OperatorRegistry(_page.Directory))
        {
            registry.Set("eve", "correct horse battery");
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "operator/login") { Content = new StringContent("name=eve&password=correct+horse+battery", Encoding.UTF8, "application/x-www-form-urlencoded") };
        request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage response = await _page.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }
}
