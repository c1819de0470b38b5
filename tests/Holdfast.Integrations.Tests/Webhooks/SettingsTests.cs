using System.Text.Json;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests.Webhooks;

public sealed class SettingsTests
{
    private const string Url = "http://127.0.0.1:9/hook";

    [Theory]
    [InlineData("\"method\":\"GET\"", "method")]
    [InlineData("\"maxBatch\":0", "maxBatch")]
    [InlineData("\"maxBatch\":1001", "maxBatch")]
    [InlineData("\"maxBatch\":5,\"body\":\"form\"", "maxBatch")]
    [InlineData("\"maxBatch\":\"many\"", "maxBatch")]
    [InlineData("\"maxWaitMilliseconds\":-1", "maxWaitMilliseconds")]
    [InlineData("\"concurrency\":257", "concurrency")]
    [InlineData("\"maxEventsPerSecond\":0", "maxEventsPerSecond")]
    [InlineData("\"timeoutSeconds\":121", "timeoutSeconds")]
    [InlineData("\"order\":\"random\"", "order")]
    [InlineData("\"order\":1", "order")]
    [InlineData("\"headers\":{\"a b\":\"x\"}", "headers.a b")]
    [InlineData("\"headers\":{\"X\":\"a\\r\\nY: b\"}", "headers.X")]
    [InlineData("\"headers\":{\"Host\":\"x\"}", "headers.Host")]
    [InlineData("\"headers\":{\"webhook-id\":\"x\"}", "headers.webhook-id")]
    [InlineData("\"headers\":{\"Authorization\":\"x\"}", "headers.Authorization")]
    [InlineData("\"query\":{\"\":\"x\"}", "query.")]
    [InlineData("\"auth\":{\"type\":\"digest\",\"value\":\"x\"}", "auth.type")]
    [InlineData("\"auth\":{\"type\":\"bearer\",\"value\":\"\"}", "auth.value")]
    [InlineData("\"auth\":{\"type\":\"header\",\"value\":\"x\"}", "auth.name")]
    [InlineData("\"tls\":{\"ca\":\"no certificate\"}", "tls.ca")]
    [InlineData("\"tls\":{\"pins\":[\"sha256/short\"]}", "tls.pins")]
    [InlineData("\"body\":\"xml\"", "body")]
    [InlineData("\"body\":\"template\"", "template")]
    [InlineData("\"template\":\"x\"", "template")]
    [InlineData("\"body\":\"template\",\"template\":\"{{#a}}\"", "template")]
    [InlineData("\"contentType\":\"text/plain\"", "contentType")]
    [InlineData("\"body\":\"raw\",\"contentType\":\"nonsense\"", "contentType")]
    [InlineData("\"deadLetterOn\":[\"500\"]", "deadLetterOn")]
    [InlineData("\"deadLetterOn\":[\"5xx\"]", "deadLetterOn")]
    [InlineData("\"response\":{\"topic\":\"elsewhere\"}", "response.topic")]
    [InlineData("\"response\":{\"topic\":\"devices/{device}/responses/#\"}", "response.topic")]
    [InlineData("\"response\":{\"maxBytes\":1000000}", "response.maxBytes")]
    [InlineData("\"response\":{},\"maxBatch\":2", "response")]
    [InlineData("\"secret\":\"short\"", "secret")]
    [InlineData("\"secret\":\"whsec_c2hvcnQ=\"", "secret")]
    [InlineData("\"previousSecret\":\"x\"", "previousSecret")]
    [InlineData("\"replay\":{}", "replay")]
    [InlineData("\"unknown\":1", "unknown")]
    public async Task A_setting_that_is_not_valid_is_named(string settings, string field)
    {
        await using var scene = new Scene();

        var result = await scene.Service.AddAsync(Scene.Definition(Url, settings: settings), Deadline.Token);

        Assert.Equal((IntegrationOutcome.Invalid, field), (result.Outcome, result.Field));
        Assert.NotEmpty(result.Detail);
    }

    [Fact]
    public async Task The_address_is_required()
    {
        await using var scene = new Scene();
        var definition = new IntegrationDefinition("p", "hook", IntegrationDefinition.WebhookKind, "#", JsonElement.Parse("{}"));

        Assert.Equal("url", (await scene.Service.AddAsync(definition, Deadline.Token)).Field);
    }

    [Fact]
    public async Task Settings_are_changed_in_place_and_delivery_goes_on_where_it_was()
    {
        await using var first = await Receiver.StartAsync();
        await using var second = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(first.Url, settings: "\"headers\":{\"X-A\":\"1\",\"X-B\":\"2\"}");
        await scene.PublishAsync("devices/a/events/x", "0");
        Assert.Equal("0", (await first.NextAsync()).Text);

        var changed = await ChangeAsync(scene, $$$"""{"url":"{{{second.Url}}}","headers":{"X-A":null,"X-B":"3"}}""");
        Assert.Equal(IntegrationOutcome.Done, changed.Outcome);
        await scene.PublishAsync("devices/a/events/x", "1");

        var received = await second.NextAsync();
        Assert.Equal(("1", "3", false), (received.Text, received.Headers["X-B"], received.Headers.ContainsKey("X-A")));
        Assert.False(first.Requests.TryRead(out _));
        await scene.Service.StopAsync();
        await scene.RestartAsync();
        Assert.Equal(second.Url, scene.Status().Definition.Settings.GetProperty("url").GetString());
    }

    [Fact]
    public async Task A_paused_integration_sends_nothing_also_after_a_restart_and_resumes_with_what_waits()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        await ChangeAsync(scene, """{"paused":true}""");
        await scene.PublishAsync("devices/a/events/x", "0");
        await scene.Service.StopAsync();
        await scene.RestartAsync();

        Assert.Equal((IntegrationState.Paused, 1L), (scene.Status().State, scene.Status().Behind));
        Assert.Equal([("p", "#")], scene.Interest.Registered);
        Assert.False(receiver.Requests.TryRead(out _));

        await ChangeAsync(scene, """{"paused":false}""");
        Assert.Equal("0", (await receiver.NextAsync()).Text);
    }

    [Theory]
    [InlineData("""{"secret":"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""", "secret")]
    [InlineData("""{"maxBatch":0}""", "maxBatch")]
    [InlineData("""{"filter":"a"}""", "filter")]
    public async Task A_change_that_is_not_valid_changes_nothing(string patch, string field)
    {
        await using var scene = new Scene();
        await scene.AddAsync(Url);

        var result = await ChangeAsync(scene, patch);

        Assert.Equal((IntegrationOutcome.Invalid, field), (result.Outcome, result.Field));
        Assert.Equal(1, scene.Status().Definition.Settings.GetProperty("maxBatch").GetInt32());
        Assert.Equal(IntegrationOutcome.NotFound, (await scene.Service.ChangeAsync("p", "other", JsonElement.Parse("{}"), Deadline.Token)).Outcome);
    }

    [Fact]
    public async Task One_integration_is_stopped_and_started_by_its_name_and_goes_on_where_it_was()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        await scene.AddAsync(receiver.Url, "other", filter: "nothing");
        await scene.PublishAsync("devices/a/events/x", "0");
        Assert.Equal("0", (await receiver.NextAsync()).Text);

        Assert.True(await scene.Service.StopAsync("p", "hook"));
        Assert.False(await scene.Service.StopAsync("p", "hook"));
        Assert.Equal(["other"], scene.Service.List("p").Select(status => status.Definition.Name));
        await scene.PublishAsync("devices/a/events/x", "1");

        Assert.True(await scene.Service.StartAsync("p", "hook", Deadline.Token));
        Assert.False(await scene.Service.StartAsync("p", "hook", Deadline.Token));
        Assert.False(await scene.Service.StartAsync("p", "never", Deadline.Token));
        Assert.Equal("1", (await receiver.NextAsync()).Text);
    }

    private static async Task<IntegrationResult> ChangeAsync(Scene scene, string patch)
        => await scene.Service.ChangeAsync("p", "hook", JsonElement.Parse(patch), Deadline.Token);
}
