using System.Diagnostics.Metrics;
using Holdfast.Api.Tests.Support;
using Holdfast.Broker;
using Holdfast.Broker.Health;
using Holdfast.Broker.Integrations;

namespace Holdfast.Api.Tests;

public sealed class EndpointTests
{
    private const string Integrations = "/api/v1/products/acme/integrations";
    private const string Hook = """{"name":"hook","filter":"devices/+/events/#","url":"https://example.org/x"}""";

    [Fact]
    public async Task An_integration_is_added_shown_listed_and_removed()
    {
        await using var host = await ApiHost.StartAsync();

        var added = await host.SendAsync(HttpMethod.Post, Integrations, ApiHost.Json(Hook));
        Assert.Equal((201, Integrations + "/hook"), (added.Status, added.Headers.Location?.ToString()));
        Assert.Equal("retrying", added.Json.GetProperty("state").GetString());
        Assert.Contains("""
            "filter":"devices/+/events/#","createdAt":"2026-03-01T08:00:00.000Z"
            """.Trim(), added.Body, StringComparison.Ordinal);

        var shown = await host.SendAsync(HttpMethod.Get, Integrations + "/hook");
        Assert.Equal((200, added.Body), (shown.Status, shown.Body));
        Assert.Equal(
            ("acme", "hook", "webhook", "devices/+/events/#", "https://example.org/x", 7, "HTTP 500"),
            (shown.Json.GetProperty("product").GetString(), shown.Json.GetProperty("name").GetString(), shown.Json.GetProperty("kind").GetString(),
                shown.Json.GetProperty("filter").GetString(), shown.Json.GetProperty("url").GetString(), shown.Json.GetProperty("delivered").GetInt32(),
                shown.Json.GetProperty("lastError").GetString()));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, shown.Json.GetProperty("oldestWaiting").ValueKind);

        var listed = await host.SendAsync(HttpMethod.Get, Integrations);
        Assert.Equal("hook", Assert.Single(listed.Json.GetProperty("integrations").EnumerateArray()).GetProperty("name").GetString());

        Assert.Equal(204, (await host.SendAsync(HttpMethod.Delete, Integrations + "/hook")).Status);
        (await host.SendAsync(HttpMethod.Delete, Integrations + "/hook")).AssertProblem(404);
        (await host.SendAsync(HttpMethod.Get, Integrations + "/hook")).AssertProblem(404);
        Assert.Equal("""{"integrations":[]}""", (await host.SendAsync(HttpMethod.Get, Integrations)).Body);
    }

    [Theory]
    [InlineData("""{"filter":"#","url":"https://example.org/"}""", "name")]
    [InlineData("""{"name":"a","url":"https://example.org/"}""", "filter")]
    [InlineData("""{"name":7,"filter":"#"}""", "name")]
    [InlineData("""{"name":"a","kind":true,"filter":"#"}""", "kind")]
    public async Task A_field_of_an_integration_that_is_missing_or_not_text_is_named(string json, string where)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(where, (await host.SendAsync(HttpMethod.Post, Integrations, ApiHost.Json(json))).AssertProblem(422));
    }

    [Theory]
    [InlineData(IntegrationOutcome.Invalid, 422)]
    [InlineData(IntegrationOutcome.NameTaken, 409)]
    [InlineData(IntegrationOutcome.ShuttingDown, 503)]
    public async Task A_refusal_of_the_registry_is_told_in_its_words(IntegrationOutcome outcome, int statusCode)
    {
        await using var host = await ApiHost.StartAsync();
        host.Node.AddResult = new IntegrationResult(outcome, null, "name", "the registry's words");

        var answer = await host.SendAsync(HttpMethod.Post, Integrations, ApiHost.Json(Hook));

        Assert.Equal(statusCode == 503 ? null : "name", answer.AssertProblem(statusCode));
        Assert.Equal("the registry's words", answer.Json.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData(CommitState.Committing, 200, "ready")]
    [InlineData(CommitState.Starting, 503, "starting")]
    [InlineData(CommitState.Stalled, 503, "stalled")]
    [InlineData(CommitState.Full, 503, "full")]
    [InlineData(CommitState.Draining, 503, "draining")]
    public async Task A_node_is_ready_only_while_it_commits(CommitState state, int statusCode, string status)
    {
        await using var host = await ApiHost.StartAsync();
        host.Node.State = state;
        host.Node.Reason = statusCode == 200 ? "" : "the disk is gone";

        var ready = await host.SendAsync(HttpMethod.Get, "/health/ready", null, false, ("X-Forwarded-For", "203.0.113.5"));

        Assert.Equal((statusCode, status), (ready.Status, ready.Json.GetProperty("status").GetString()));
        Assert.Equal(statusCode == 503, ready.Json.TryGetProperty("reason", out var reason) && reason.GetString() == "the disk is gone");
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/live", withToken: false)).Status);
    }

    [Fact]
    public async Task Metrics_show_the_meters_of_holdfast_and_the_runtime()
    {
        await using var host = await ApiHost.StartAsync();
        using var meter = new Meter(BrokerMetrics.MeterName);
        meter.CreateCounter<long>("holdfast_test_things").Add(3);

        var local = await host.SendAsync(HttpMethod.Get, "/metrics", withToken: false);
        var remote = await host.SendAsync(HttpMethod.Get, "/metrics", null, true, ("X-Forwarded-For", "203.0.113.5"));

        Assert.Equal((200, 200), (local.Status, remote.Status));
        Assert.Contains("holdfast_test_things_total", local.Body, StringComparison.Ordinal);
        Assert.Contains("dotnet_", local.Body, StringComparison.Ordinal);
        Assert.Contains("service_name=\"holdfast\"", local.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_are_counted_by_their_kind()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.SendAsync(HttpMethod.Get, Integrations, null, false, ("Authorization", "Bearer wrong"))).AssertProblem(401);
        (await host.SendAsync(HttpMethod.Get, "/nothing/here")).AssertProblem(404);

        // Other hosts of this process count into the same meter.
        var metrics = (await host.SendAsync(HttpMethod.Get, "/metrics", withToken: false)).Body.Split('\n');
        foreach (var reason in (string[])["unauthorized", "not-found"])
        {
            Assert.Contains(metrics, line => line.StartsWith("holdfast_http_refused_total", StringComparison.Ordinal) && line.Contains($"reason=\"{reason}\"", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task What_is_not_there_is_a_problem_too()
    {
        await using var host = await ApiHost.StartAsync();

        (await host.SendAsync(HttpMethod.Get, "/nothing/here")).AssertProblem(404);
        (await host.SendAsync(HttpMethod.Put, Integrations)).AssertProblem(405);
    }
}
