using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Holdfast.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Serving;

/// <summary>The page over HTTP, on a clock that the test moves.</summary>
public sealed class PageTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private StatusServer _server = null!;
    private HttpClient _http = null!;
    private string _token = "";
    private long _sequence;

    public async ValueTask InitializeAsync()
    {
        using (var registry = new WatcherRegistry(_directory.Path))
        {
            _token = registry.Add("oslo-1", "oslo");
        }

        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task It_says_that_nothing_was_measured_until_something_was()
    {
        Assert.Contains("Nothing has been measured yet", await PageAsync(), StringComparison.Ordinal);
        await ReportAsync("ok");
        string page = await PageAsync();
        Assert.Contains("All systems work", page, StringComparison.Ordinal);
        Assert.Contains("The newest measurement is 1 s old, from 1 of 1 watchers.", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_outage_is_shown_with_its_step_and_survives_a_restart_of_the_page()
    {
        await FailAsync();
        Assert.Contains("published messages are not acknowledged", await PageAsync(), StringComparison.Ordinal);
        await StopAsync();
        await StartAsync();
        JsonNode summary = await SummaryAsync();
        Assert.Equal("critical", (string?)summary["status"]!["indicator"]);
        Assert.Equal("major_outage", (string?)summary["components"]![0]!["status"]);
        Assert.Equal("investigating", (string?)Assert.Single(summary["incidents"]!.AsArray())!["status"]);
        for (int round = 0; round < 3; round++)
        {
            await ReportAsync("ok");
        }

        summary = await SummaryAsync();
        Assert.Equal("none", (string?)summary["status"]!["indicator"]);
        Assert.Empty(summary["incidents"]!.AsArray());
    }

    [Fact]
    public async Task Silence_is_never_shown_as_well()
    {
        await ReportAsync("ok");
        _clock.Advance(TimeSpan.FromMinutes(2));
        string page = await PageAsync();
        Assert.Contains("We cannot see: no watcher reports", page, StringComparison.Ordinal);
        Assert.DoesNotContain("All systems work", page, StringComparison.Ordinal);
        Assert.NotEqual("none", (string?)(await SummaryAsync())["status"]!["indicator"]);
    }

    [Fact]
    public async Task A_page_that_was_away_does_not_claim_to_know_what_was_meanwhile()
    {
        await ReportAsync("ok");
        _clock.Advance(TimeSpan.FromSeconds(15));
        await StopAsync();
        _clock.Advance(TimeSpan.FromHours(12));
        await StartAsync();
        await ReportAsync("ok");
        Assert.Contains("not measured for", await PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_that_comes_twice_is_counted_once()
    {
        JsonObject report = Report("ok");
        Assert.Equal(1, (int)(await AnswerAsync(await PostAsync(report)))["taken"]!);
        Assert.Equal(1, (int)(await AnswerAsync(await PostAsync(report)))["duplicates"]!);
    }

    [Fact]
    public async Task A_watcher_whose_clock_is_wrong_is_corrected_and_told()
    {
        JsonObject report = Report("ok");
        report["sentAt"] = (long)report["sentAt"]! + 3_600_000;
        report["rounds"]![0]!["at"] = (long)report["rounds"]![0]!["at"]! + 3_600_000;
        await PostAsync(report);
        string page = await PageAsync();
        Assert.Contains("its clock is 1 h 0 min fast, corrected here", page, StringComparison.Ordinal);
        Assert.Contains("All systems work", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("wrong")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task Nobody_reports_without_a_token(string token)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(Report("failed"), token)).StatusCode);
        Assert.Contains("Nothing has been measured yet", await PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watcher_that_was_removed_no_longer_reports()
    {
        await ReportAsync("ok");
        using (var registry = new WatcherRegistry(_directory.Path))
        {
            Assert.True(registry.Remove("oslo-1"));
        }

        _clock.Advance(TimeSpan.FromSeconds(2));
        await PageAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(Report("ok"))).StatusCode);
    }

    [Theory]
    [InlineData("verdict", "fine")]
    [InlineData("component", "Monitoring")]
    [InlineData("component", "")]
    [InlineData("component", "a\u0007b")]
    [InlineData("step", "0123456789012345678901234567890123456789012345678901234567890123456789")]
    public async Task A_report_that_makes_no_sense_is_refused(string field, string value)
    {
        JsonObject report = Report("ok");
        report["rounds"]![0]!["observations"]![0]![field] = value;
        HttpResponseMessage response = await PostAsync(report);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Contains(field, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_that_is_too_large_is_refused()
    {
        JsonObject report = Report("ok");
        report["stream"] = new string('x', 600_000);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(report)).StatusCode);
    }

    [Fact]
    public async Task Script_in_a_report_stays_text()
    {
        const string Script = "<script>alert(1)</script>";
        for (int round = 0; round < 2; round++)
        {
            JsonObject report = Report("failed", Script);
            report["rounds"]![0]!["observations"]![0]!["detail"] = Script + "\" onload=\"x";
            await PostAsync(report);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        string page = await PageAsync();
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\" onload=", page, StringComparison.Ordinal);
        HttpResponseMessage response = await _http.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_feed_tells_the_incident()
    {
        await FailAsync();
        var feed = System.Xml.Linq.XDocument.Parse(await _http.GetStringAsync(new Uri("/history.atom", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Single(feed.Root!.Elements(), element => element.Name.LocalName == "entry");
    }

    private async Task StartAsync()
    {
        _server = await StatusServer.StartAsync(_directory.Path, new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance, _clock, TestContext.Current.CancellationToken);
        _http = new HttpClient { BaseAddress = _server.Address };
    }

    private async Task StopAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    private async Task FailAsync()
    {
        await ReportAsync("failed");
        await ReportAsync("failed");
    }

    private async Task ReportAsync(string verdict)
    {
        HttpResponseMessage response = await PostAsync(Report(verdict));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        _clock.Advance(TimeSpan.FromSeconds(1));
    }

    private JsonObject Report(string verdict, string component = "MQTT")
    {
        long now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        var observation = new JsonObject { ["component"] = component, ["step"] = "acknowledge", ["verdict"] = verdict, ["milliseconds"] = 2.5, ["detail"] = "" };
        var round = new JsonObject { ["sequence"] = ++_sequence, ["at"] = now, ["observations"] = new JsonArray(observation) };
        return new JsonObject { ["stream"] = "one", ["interval"] = 10_000, ["sentAt"] = now, ["rounds"] = new JsonArray(round) };
    }

    private async Task<HttpResponseMessage> PostAsync(JsonObject report, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/reports") { Content = JsonContent.Create(report) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? _token);
        return await _http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<JsonNode> AnswerAsync(HttpResponseMessage response)
        => JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;

    private Task<string> PageAsync() => _http.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);

    private async Task<JsonNode> SummaryAsync()
        => JsonNode.Parse(await _http.GetStringAsync(new Uri("/api/v2/summary.json", UriKind.Relative), TestContext.Current.CancellationToken))!;
}
