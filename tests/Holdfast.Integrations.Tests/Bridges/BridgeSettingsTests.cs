using System.Text.Json;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Bridges;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests.Bridges;

public sealed class BridgeSettingsTests
{
    [Theory]
    [InlineData("url", "http://x", "")]
    [InlineData("url", "mqtt://user:secret@x", "")]
    [InlineData("url", "mqtt://x/path", "")]
    [InlineData("protocol", "mqtt://x", "\"protocol\":\"4\"")]
    [InlineData("qos", "mqtt://x", "\"qos\":0")]
    [InlineData("maxInFlight", "mqtt://x", "\"maxInFlight\":0")]
    [InlineData("sessionExpirySeconds", "mqtt://x", "\"sessionExpirySeconds\":1")]
    [InlineData("username", "mqtt://x", "\"password\":\"p\"")]
    [InlineData("tls", "mqtt://x", "\"tls\":{}")]
    [InlineData("tls.key", "mqtts://x", "\"tls\":{\"certificate\":\"c\"}")]
    [InlineData("tls.certificate", "mqtts://x", "\"tls\":{\"certificate\":\"c\",\"key\":\"k\"}")]
    [InlineData("tls.ca", "mqtts://x", "\"tls\":{\"ca\":\"nothing\"}")]
    [InlineData("inbound", "mqtt://x", "\"direction\":\"in\"")]
    [InlineData("direction", "mqtt://x", "\"inbound\":[{\"filter\":\"a\"}]")]
    [InlineData("inbound", "mqtt://x", "\"direction\":\"in\",\"inbound\":[{\"filter\":\"$share/g/a\"}]")]
    [InlineData("inbound", "mqtt://x", "\"direction\":\"in\",\"inbound\":[{\"filter\":\"a/+\"},{\"filter\":\"+/b\"}]")]
    [InlineData("inbound", "mqtt://x", "\"direction\":\"in\",\"inbound\":[{\"filter\":\"a\",\"add\":\"x\",\"template\":\"y\"}]")]
    [InlineData("outbound", "mqtt://x", "\"outbound\":{\"template\":\"{what}\"}")]
    [InlineData("outbound", "mqtt://x", "\"outbound\":{\"add\":\"a/+/\"}")]
    [InlineData("inbound", "mqtt://x", "\"protocol\":\"3.1.1\",\"direction\":\"both\",\"inbound\":[{\"filter\":\"devices/#\"}]")]
    [InlineData("retiredFilters", "mqtt://x", "\"retiredFilters\":[]")]
    public async Task A_setting_that_cannot_be_is_refused_with_its_field(string field, string url, string settings)
    {
        await using var scene = await BridgeScene.CreateAsync();
        var result = await scene.AddAsync(url, settings);
        Assert.Equal((IntegrationOutcome.Invalid, field), (result.Outcome, result.Field));
        Assert.DoesNotContain("secret", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_identifier_is_made_once_and_stays()
    {
        await using var scene = await BridgeScene.CreateAsync();
        await scene.AddWorkingAsync("mqtt://127.0.0.1:1", "\"direction\":\"in\",\"inbound\":[{\"filter\":\"a\"}]");
        var made = ClientId(scene);
        Assert.StartsWith("holdfast-p-plant-", made, StringComparison.Ordinal);
        var changed = await scene.Node.Service.ChangeAsync("p", "plant", JsonElement.Parse("""{"inbound":[{"filter":"b"}],"clientId":null}"""), BridgeScene.Long);
        Assert.Equal(("", IntegrationOutcome.Done), (changed.Detail, changed.Outcome));
        Assert.Equal(made, ClientId(scene));
        Assert.Equal(IntegrationOutcome.Invalid, (await scene.Node.Service.RotateSecretAsync("p", "plant", null, TimeSpan.Zero, BridgeScene.Long)).Outcome);
    }

    [Theory]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a/c", false)]
    [InlineData("a/+", "+/b", true)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "b/#", false)]
    [InlineData("#", "x/y/z", true)]
    [InlineData("a", "a/b", false)]
    public void Filters_overlap_when_a_topic_matches_both(string one, string other, bool expected)
        => Assert.Equal((expected, expected), (FilterOverlap.Exists(one, other), FilterOverlap.Exists(other, one)));

    [Theory]
    [InlineData("devices/", "cloud/", null, "devices/d/events/a/b", "cloud/d/events/a/b")]
    [InlineData("devices/", "cloud/", null, "other", "cloud/other")]
    [InlineData("", "", "{product}/{device}/{name}", "devices/d/events/a/b", "p/d/a/b")]
    [InlineData("plant/", "", "devices/{topic}", "plant/x", "devices/x")]
    [InlineData("", "", "x/{device}", "other", null)]
    [InlineData("a", "", null, "a", null)]
    public void Topics_are_mapped(string strip, string add, string? template, string topic, string? expected)
    {
        var isMapped = new TopicMap(new BridgeTopics { Strip = strip, Add = add, Template = template }, "p").TryMap(topic, out var mapped, out var problem);
        Assert.Equal((expected is not null, expected), (isMapped, mapped));
        Assert.Equal(isMapped, problem.Length == 0);
    }

    private static string ClientId(BridgeScene scene) => scene.Node.Status("plant").Definition.Settings.GetProperty("clientId").GetString()!;
}
