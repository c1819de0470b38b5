using System.Net.Http.Json;
using System.Text.Json;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Holdfast.Server.Tests.Serving;

/// <summary>Two nodes as processes, with one database.</summary>
public sealed class ClusterServeTests
{
    private const string Path = "/api/v1/products/default/integrations";
    private static readonly string[] Names = [.. Enumerable.Range(0, 8).Select(number => $"hook-{number}")];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_node_is_asked_about_any_integration_also_after_the_death_of_the_one_that_ran_it()
    {
        using var cluster = await ServedCluster.CreateAsync();
        await using var a = await cluster.StartAsync("a");
        await using var b = await cluster.StartAsync("b");
        using var atA = cluster.Administrator(a, "a");
        using var atB = cluster.Administrator(b, "b");
        foreach (var name in Names)
        {
            await EventuallyAsync(atA, HttpMethod.Post, Path, new { name, filter = "a/#", url = "http://127.0.0.1:9/" });
        }

        foreach (var name in Names)
        {
            Assert.Equal(name, (await EventuallyAsync(atB, HttpMethod.Get, $"{Path}/{name}")).GetProperty("name").GetString());
            Assert.Equal("paused", (await EventuallyAsync(atB, HttpMethod.Patch, $"{Path}/{name}", new { paused = true })).GetProperty("state").GetString());
        }

        Assert.Equal(Names, await ListAsync(atA));
        Assert.Equal(Names, await ListAsync(atB));

        await a.KillAsync();
        foreach (var name in Names)
        {
            Assert.Equal("paused", (await EventuallyAsync(atB, HttpMethod.Get, $"{Path}/{name}")).GetProperty("state").GetString());
        }
    }

    [Fact]
    public async Task A_device_on_one_node_is_called_on_the_other_whether_it_answers_at_QoS_0_or_1()
    {
        using var cluster = await ServedCluster.CreateAsync();
        await using var a = await cluster.StartAsync("a");
        await using var b = await cluster.StartAsync("b");
        using var atB = cluster.Administrator(b, "b");
        using var device = new MqttClientFactory().CreateMqttClient();
        device.ApplicationMessageReceivedAsync += command => device.PublishAsync(
            new MqttApplicationMessage
            {
                Topic = command.ApplicationMessage.ResponseTopic,
                Payload = command.ApplicationMessage.Payload,
                QualityOfServiceLevel = command.ApplicationMessage.Topic.EndsWith('0') ? MqttQualityOfServiceLevel.AtMostOnce : MqttQualityOfServiceLevel.AtLeastOnce,
            },
            Cancellation);
        var connecting = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", a.MqttPort).WithProtocolVersion(MqttProtocolVersion.V500).WithSessionExpiryInterval(3600).WithClientId("d").Build();
        await device.ConnectAsync(connecting, Cancellation);
        await device.SubscribeAsync("devices/d/commands/#", MqttQualityOfServiceLevel.AtLeastOnce, Cancellation);

        Assert.Equal("first", await CallAsync(atB, "echo/1", "first"));
        Assert.Equal("second", await CallAsync(atB, "echo/0", "second"));

        // Of a session that waits in the database both nodes know.
        device.Dispose();
        using var stored = await atB.PostAsync("/api/v1/products/default/devices/d/commands/echo/1", null, Cancellation);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, stored.StatusCode);
        using var nobody = await atB.PostAsync("/api/v1/products/default/devices/e/commands/echo/1", null, Cancellation);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, nobody.StatusCode);
    }

    private static async Task<string> CallAsync(HttpClient client, string name, string payload)
    {
        using var content = new StringContent(payload);
        using var answer = await client.PostAsync($"/api/v1/products/default/devices/d/commands/{name}?wait=60s", content, Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }

    private static async Task<string[]> ListAsync(HttpClient client)
    {
        while (true)
        {
            var list = await EventuallyAsync(client, HttpMethod.Get, Path);
            if (!list.TryGetProperty("moving", out _) && !list.TryGetProperty("silentNodes", out _))
            {
                return [.. list.GetProperty("integrations").EnumerateArray().Select(one => one.GetProperty("name").GetString()!)];
            }
        }
    }

    /// <summary>Asks until the node does not answer any more that what was asked for is moving.</summary>
    private static async Task<JsonElement> EventuallyAsync(HttpClient client, HttpMethod method, string path, object? body = null)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            using var answer = await client.SendAsync(request, Cancellation);
            if (answer.StatusCode != System.Net.HttpStatusCode.ServiceUnavailable)
            {
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
                return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
            }
        }
    }
}
