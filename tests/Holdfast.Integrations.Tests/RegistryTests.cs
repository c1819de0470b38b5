using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Tests.Support;
using Holdfast.Log.State;

namespace Holdfast.Integrations.Tests;

public sealed class RegistryTests
{
    private const string Url = "http://127.0.0.1:9/hook";

    [Theory]
    [InlineData("P", "hook", "webhook", "#", Url, "product")]
    [InlineData("p", "", "webhook", "#", Url, "name")]
    [InlineData("p", "a b", "webhook", "#", Url, "name")]
    [InlineData("p", "hook", "pigeon", "#", Url, "kind")]
    [InlineData("p", "hook", "webhook", "a/#/b", Url, "filter")]
    [InlineData("p", "hook", "webhook", "", Url, "filter")]
    [InlineData("p", "hook", "webhook", "$share/g/#", Url, "filter")]
    [InlineData("p", "hook", "webhook", "#", "", "url")]
    [InlineData("p", "hook", "webhook", "#", "/hook", "url")]
    [InlineData("p", "hook", "webhook", "#", "ftp://example.org/", "url")]
    [InlineData("p", "hook", "webhook", "#", "file:///etc/passwd", "url")]
    [InlineData("p", "hook", "webhook", "#", "https://user:secret@example.org/", "url")]
    public async Task A_field_that_is_not_valid_is_named(string product, string name, string kind, string filter, string url, string field)
    {
        await using var scene = new Scene();

        var result = await scene.Service.AddAsync(Scene.Definition(url, name, filter, product) with { Kind = kind }, Deadline.Token);

        Assert.Equal((IntegrationOutcome.Invalid, field), (result.Outcome, result.Field));
        Assert.NotEmpty(result.Detail);
        Assert.DoesNotContain("secret", result.Detail, StringComparison.Ordinal);
        Assert.Empty(scene.Interest.Registered);
    }

    [Fact]
    public async Task A_name_is_taken_within_its_product_only()
    {
        await using var scene = new Scene();
        await scene.AddAsync(Url, filter: "a/#");
        await scene.AddAsync(Url, product: "q");

        var again = await scene.Service.AddAsync(Scene.Definition(Url, filter: "b/#"), Deadline.Token);

        Assert.Equal((IntegrationOutcome.NameTaken, "name"), (again.Outcome, again.Field));
        Assert.Equal([("p", "a/#"), ("q", "#")], scene.Interest.Registered);
        Assert.Equal(["a/#"], scene.Service.List("p").Select(status => status.Definition.Filter));
    }

    [Fact]
    public async Task Stored_integrations_run_again_and_one_that_is_not_valid_stops_no_other()
    {
        await using var scene = new Scene();
        await scene.Store.AddAsync(Stored("broken", "{}"));
        await scene.Store.AddAsync(Stored("good", """{"url":"http://127.0.0.1:9/hook"}"""));

        await scene.Service.StartAsync(Deadline.Token);

        var status = Assert.Single(scene.Service.List("p"));
        Assert.Equal(("good", IntegrationState.Idle), (status.Definition.Name, status.State));
        Assert.Equal([("p", "a/+")], scene.Interest.Registered);
        Assert.True(await scene.Service.RemoveAsync("p", "broken", Deadline.Token));
        Assert.False(await scene.Service.RemoveAsync("p", "broken", Deadline.Token));
    }

    [Fact]
    public async Task Nothing_is_added_to_a_node_that_shuts_down()
    {
        await using var scene = new Scene();
        await scene.Service.StopAsync();

        var result = await scene.Service.AddAsync(Scene.Definition(Url), Deadline.Token);

        Assert.Equal(IntegrationOutcome.ShuttingDown, result.Outcome);
        Assert.Empty(await scene.Store.LoadAsync(Deadline.Token));
    }

    [Fact]
    public async Task A_filter_with_a_literal_key_follows_the_other_partitions_without_reading_them()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, filter: "devices/a/events/#");
        await scene.PublishAsync(Enumerable.Range(0, 50).Select(i => ($"devices/d{i}/events/x", "other")));
        await scene.PublishAsync("devices/a/events/x", "wanted");

        Assert.Equal("wanted", (await receiver.NextAsync()).Text);
        await scene.Service.StopAsync();
        Assert.Equal(Enumerable.Range(0, 16).Select(scene.Log.CommittedOffset), await scene.Store.CursorAsync("hook"));
    }

    private static StoredIntegration Stored(string name, string settings) => new(
        "p", name, IntegrationDefinition.WebhookKind, "a/+", settings, new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero), new long[16]);
}
