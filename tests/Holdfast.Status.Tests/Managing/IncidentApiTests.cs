using System.Net;
using System.Text.Json.Nodes;
using Holdfast.Status.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Managing;

/// <summary>Incidents by hand, over the management API.</summary>
public sealed class IncidentApiTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private TestPage _page = null!;

    public async ValueTask InitializeAsync()
    {
        _page = await TestPage.StartAsync(_clock);
        await _page.ReportAsync("ok", 3);
    }

    public ValueTask DisposeAsync() => _page.DisposeAsync();

    [Fact]
    public async Task An_incident_lives_from_investigating_to_its_postmortem()
    {
        JsonNode opened = await OpenAsync();
        Assert.Equal("investigating", (string?)opened["status"]);
        JsonNode summary = await _page.GetJsonAsync("api/v2/summary.json");
        Assert.Equal("major", (string?)summary["status"]!["indicator"]);
        foreach (string status in new[] { "identified", "monitoring", "resolved" })
        {
            _clock.Advance(TimeSpan.FromMinutes(5));
            await _page.ReportAsync("ok", 1);
            JsonNode updated = await _page.DoAsync(HttpMethod.Post, "incidents/1/updates", new JsonObject { ["status"] = status, ["text"] = $"now {status}" });
            Assert.Equal(status, (string?)updated["status"]);
        }

        Assert.Empty((await _page.GetJsonAsync("api/v2/incidents/unresolved.json"))["incidents"]!.AsArray());
        await _page.DoAsync(HttpMethod.Put, "incidents/1/postmortem", new JsonObject { ["text"] = "## Why\nA *cable*.", ["publish"] = true });
        Assert.Equal("postmortem", (string?)(await _page.GetJsonAsync("api/v2/incidents.json"))["incidents"]![0]!["status"]);
        string page = await _page.GetAsync("incidents/1.html");
        Assert.Contains("<em>cable</em>", page, StringComparison.Ordinal);
        Assert.Contains("now monitoring", page, StringComparison.Ordinal);
        Assert.Contains("lasted 15 min", await _page.GetAsync(""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_still_measured_bad_cannot_be_declared_over()
    {
        await _page.FailAsync();
        (HttpStatusCode status, JsonNode? problem) = await _page.CallAsync(HttpMethod.Post, "incidents/1/updates", new JsonObject { ["status"] = "resolved", ["text"] = "All is well." });
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("still find MQTT bad", (string?)problem!["detail"], StringComparison.Ordinal);
        Assert.Equal("critical", (string?)(await _page.GetJsonAsync("api/v2/status.json"))["status"]!["indicator"]);
    }

    [Fact]
    public async Task A_person_confirms_corrects_and_annotates_what_was_detected()
    {
        await _page.FailAsync();
        await _page.DoAsync(HttpMethod.Post, "incidents/1/confirm");
        await _page.DoAsync(HttpMethod.Patch, "incidents/1", new JsonObject { ["title"] = "A rack is dark", ["startedAt"] = "2026-03-01T11:00:00Z" });
        JsonNode incident = await _page.DoAsync(HttpMethod.Post, "incidents/1/updates", new JsonObject { ["status"] = "identified", ["text"] = "It is the power." });
        Assert.True((bool)incident["confirmed"]!);
        Assert.Equal("2026-03-01T11:00:00.000Z", (string?)incident["startedAt"]);
        Assert.NotNull((string?)incident["acknowledgedAt"]);
        string page = await _page.GetAsync("");
        Assert.Contains("A rack is dark", page, StringComparison.Ordinal);
        Assert.Contains("detected automatically, confirmed", page, StringComparison.Ordinal);

        // It ends by measurement all the same.
        await _page.RecoverAsync();
        Assert.Equal("resolved", (string?)(await _page.DoAsync(HttpMethod.Get, "incidents/1"))["status"]);
    }

    [Fact]
    public async Task Merged_incidents_are_one_that_takes_in_what_is_measured()
    {
        await OpenAsync();
        await _page.DoAsync(HttpMethod.Put, "components/Shop", new JsonObject { ["description"] = "Where people buy" });
        await _page.DoAsync(HttpMethod.Post, "incidents", new JsonObject { ["title"] = "Nobody can buy", ["components"] = new JsonArray("Shop"), ["text"] = "We look." });
        JsonNode into = await _page.DoAsync(HttpMethod.Post, "incidents/1/merge", new JsonObject { ["into"] = 2 });
        Assert.Equal(["Shop", "MQTT"], into["components"]!.AsArray().Select(name => (string?)name));
        Assert.Equal(2, (int)(await _page.DoAsync(HttpMethod.Get, "incidents/1"))["mergedInto"]!);
        JsonNode only = Assert.Single((await _page.GetJsonAsync("api/v2/incidents.json"))["incidents"]!.AsArray())!;
        Assert.Equal("Nobody can buy", (string?)only["name"]);
        await _page.FailAsync();
        only = Assert.Single((await _page.GetJsonAsync("api/v2/incidents.json"))["incidents"]!.AsArray())!;
        Assert.Contains("published messages are not acknowledged", only.ToJsonString(), StringComparison.Ordinal);
        (HttpStatusCode status, _) = await _page.CallAsync(HttpMethod.Post, "incidents/1/confirm");
        Assert.Equal(HttpStatusCode.Conflict, status);
    }

    [Fact]
    public async Task A_postmortem_begins_with_what_was_measured_and_is_not_published_half_written()
    {
        await _page.FailAsync();
        _clock.Advance(TimeSpan.FromSeconds(20));
        await _page.RecoverAsync();
        string draft = (string)(await _page.DoAsync(HttpMethod.Get, "incidents/1/postmortem"))["text"]!;
        Assert.Contains("- MQTT: major outage for 20 s", draft, StringComparison.Ordinal);
        Assert.Contains("measured: MQTT operational", draft, StringComparison.Ordinal);
        (HttpStatusCode status, _) = await _page.CallAsync(HttpMethod.Put, "incidents/1/postmortem", new JsonObject { ["text"] = draft, ["publish"] = true });
        Assert.Equal(HttpStatusCode.Conflict, status);
        await _page.DoAsync(HttpMethod.Put, "incidents/1/postmortem", new JsonObject { ["text"] = draft.Replace("(to be written)", "A cable.", StringComparison.Ordinal), ["publish"] = true });
        Assert.Contains("<table>", await _page.GetAsync("incidents/1.html"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>", "<script")]
    [InlineData("[x](javascript:alert(1))", "javascript:")]
    [InlineData("![x](https://evil.example/pixel)", "<img")]
    [InlineData("<javascript:alert(1)>", "href=\"javascript")]
    [InlineData("<img src=x onerror=alert(1)>", "<img")]
    public async Task Markdown_cannot_carry_script(string markdown, string forbidden)
    {
        await OpenAsync();
        await _page.DoAsync(HttpMethod.Post, "incidents/1/updates", new JsonObject { ["status"] = "resolved", ["text"] = markdown });
        await _page.DoAsync(HttpMethod.Put, "incidents/1/postmortem", new JsonObject { ["text"] = markdown, ["publish"] = true });
        await _page.DoAsync(HttpMethod.Post, "announcements", new JsonObject { ["title"] = "News", ["text"] = markdown });
        Assert.DoesNotContain(forbidden, Html(await _page.GetAsync("incidents/1.html")), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(forbidden, Html(await _page.GetAsync("")), StringComparison.OrdinalIgnoreCase);

        // The text of an update is shown as it is, encoded; only what is markup counts.
        static string Html(string page) => string.Concat(System.Text.RegularExpressions.Regex.Matches(page, "<[^>]*>").Select(tag => tag.Value));
    }

    [Fact]
    public async Task Nothing_is_managed_without_the_token_and_everything_is_in_the_audit_log()
    {
        foreach (string token in new[] { "", "x", new string('A', 43) })
        {
            using HttpResponseMessage refused = await _page.SendAsync(HttpMethod.Get, "api/v1/incidents", null, token);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        await OpenAsync();
        JsonNode entry = (await _page.DoAsync(HttpMethod.Get, "audit"))[0]!;
        Assert.Equal("open incident", (string?)entry["action"]);
        Assert.Equal("1 Trouble", (string?)entry["subject"]);
    }

    [Theory]
    [InlineData("{\"title\":\"\",\"components\":[\"MQTT\"],\"text\":\"x\"}", "title:")]
    [InlineData("{\"title\":\"a\\nb\",\"components\":[\"MQTT\"],\"text\":\"x\"}", "title:")]
    [InlineData("{\"title\":\"a\",\"components\":[\"Shop\"],\"text\":\"x\"}", "there is no 'Shop'; there are 'MQTT'")]
    [InlineData("{\"title\":\"a\",\"components\":[\"MQTT\"]}", "text:")]
    [InlineData("{\"title\":\"a\",\"components\":[\"MQTT\"],\"text\":\"x\",\"impact\":\"bad\"}", "impact:")]
    [InlineData("{\"titel\":\"a\"}", "titel")]
    public async Task What_makes_no_sense_is_refused_with_the_field(string request, string words)
    {
        (HttpStatusCode status, JsonNode? problem) = await _page.CallAsync(HttpMethod.Post, "incidents", JsonNode.Parse(request));
        Assert.True((int)status is 400 or 422, $"{status}");
        Assert.Contains(words, (string?)problem!["detail"], StringComparison.Ordinal);
        Assert.Empty((await _page.DoAsync(HttpMethod.Get, "incidents")).AsArray());
    }

    private Task<JsonNode> OpenAsync() => _page.DoAsync(
        HttpMethod.Post, "incidents", new JsonObject { ["title"] = "Trouble", ["impact"] = "major", ["components"] = new JsonArray("MQTT"), ["text"] = "We look into it." });
}
