using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Holdfast.Device.Commands;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>A back end calls devices over HTTP: this library, a client of MQTT 3.1.1, and the tools of mosquitto.</summary>
public sealed class CallTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_device_with_this_library_answers_with_its_content_type_or_its_error()
    {
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        using var http = Http(server);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(http, "d", "double", "21", "?wait=10s")).Status);
        await using var device = HoldfastDevice.Start(new DeviceOptions
        {
            DeviceId = "d",
            Endpoints = [new Uri($"mqtt://127.0.0.1:{server.MqttPort}")],
            SessionExpiry = TimeSpan.FromHours(1),
            Commands = new Dictionary<string, CommandHandler>
            {
                ["double"] = (c, _) => Task.FromResult(new CommandReply(Encoding.ASCII.GetBytes($"{2 * int.Parse(Encoding.ASCII.GetString(c.Payload.Span))}"), "text/plain")),
            },
        });

        Assert.Equal((HttpStatusCode.OK, "text/plain", "42"), await WhenSubscribedAsync(http, "d", "double", "21"));
        var failed = await PostAsync(http, "d", "halve", "21", "?wait=30s");
        Assert.Equal((HttpStatusCode.FailedDependency, "application/problem+json"), (failed.Status, failed.Type));
        Assert.Contains("halve", failed.Text, StringComparison.Ordinal);

        var stored = await PostAsync(http, "d", "double", "4", "");
        using var answer = JsonDocument.Parse(stored.Text);
        Assert.Equal("8", await StoredReplyAsync(http, answer.RootElement.GetProperty("replyTopic").GetString()!));
    }

    [Fact]
    public async Task A_client_of_MQTT_311_finds_the_request_id_in_the_topic()
    {
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        using var http = Http(server);
        using var device = new MqttClientFactory().CreateMqttClient();
        device.ApplicationMessageReceivedAsync += async command =>
        {
            var levels = command.ApplicationMessage.Topic.Split('/');
            Assert.Equal(["devices", "d", "commands", "valve", "close"], levels[..^1]);
            await device.PublishStringAsync($"devices/d/replies/{levels[^1]}", "closed " + command.ApplicationMessage.ConvertPayloadToString(), MqttQualityOfServiceLevel.AtMostOnce);
        };
        var connecting = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", server.MqttPort).WithProtocolVersion(MqttProtocolVersion.V311).Build();
        await device.ConnectAsync(connecting, TestContext.Current.CancellationToken);
        await device.SubscribeAsync("devices/d/commands/#", MqttQualityOfServiceLevel.AtLeastOnce, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, "application/octet-stream", "closed now"), await PostAsync(http, "d", "valve/close", "now", "?wait=30s"));
    }

    [Fact]
    public async Task The_tools_of_mosquitto_are_enough_for_a_device()
    {
        Components.Require("apt-get install mosquitto-clients", "sh", "-c", "command -v mosquitto_sub");
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        using var http = Http(server);
        string[] common = ["-h", "127.0.0.1", "-p", $"{server.MqttPort}", "-V", "mqttv311", "-q", "1"];
        using var subscriber = Process.Start(new ProcessStartInfo("mosquitto_sub", [.. common, "-t", "devices/d/commands/#", "-C", "1", "-F", "%t"]) { RedirectStandardOutput = true })!;
        var call = WhenSubscribedAsync(http, "d", "close", "now");

        var topic = await subscriber.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Soon();
        Assert.StartsWith("devices/d/commands/close/", topic, StringComparison.Ordinal);
        using var publisher = Process.Start(new ProcessStartInfo("mosquitto_pub", [.. common, "-t", $"devices/d/replies/{topic!.Split('/')[^1]}", "-m", "closed"]))!;

        Assert.Equal("closed", (await call.Soon()).Text);
        await publisher.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
        await subscriber.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
    }

    private static HttpClient Http(ServerProcess server) => new() { BaseAddress = new Uri($"http://127.0.0.1:{server.HttpPort}") };

    /// <summary>Calls until somebody subscribes.</summary>
    private static async Task<(HttpStatusCode Status, string? Type, string Text)> WhenSubscribedAsync(HttpClient http, string device, string name, string payload)
    {
        while (true)
        {
            var answer = await PostAsync(http, device, name, payload, "?wait=30s").Soon();
            if (answer.Status != HttpStatusCode.NotFound)
            {
                return answer;
            }
        }
    }

    private static async Task<(HttpStatusCode Status, string? Type, string Text)> PostAsync(HttpClient http, string device, string name, string payload, string query)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(payload));
        using var answer = await http.PostAsync($"/api/v1/products/default/devices/{device}/commands/{name}{query}", content, TestContext.Current.CancellationToken);
        return (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The first event of a topic, as soon as there is one.</summary>
    private static async Task<string> StoredReplyAsync(HttpClient http, string topic)
    {
        while (true)
        {
            using var page = JsonDocument.Parse(await http.GetStringAsync($"/api/v1/products/default/events?filter={topic}", TestContext.Current.CancellationToken));
            if (page.RootElement.GetProperty("events").EnumerateArray().ToList() is [var reply, ..])
            {
                return reply.GetProperty("payload").ToString();
            }
        }
    }
}
