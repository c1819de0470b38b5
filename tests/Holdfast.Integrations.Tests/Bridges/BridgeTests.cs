using Holdfast.Broker.Integrations;
using Holdfast.Broker.Publishing;
using Holdfast.Integrations.Network;
using Holdfast.Integrations.Tests.Support;
using Holdfast.Testing;
using MQTTnet;

namespace Holdfast.Integrations.Tests.Bridges;

/// <summary>Bridges to a mosquitto that runs beside the test.</summary>
public sealed class BridgeTests
{
    private const string ToCloud = "\"outbound\":{\"strip\":\"devices/\",\"add\":\"cloud/\"}";

    [Theory]
    [InlineData("5", 1)]
    [InlineData("5", 2)]
    [InlineData("3.1.1", 1)]
    public async Task Events_go_out_in_order_with_their_topics_properties_and_ids(string protocol, int qos)
    {
        await using var mosquitto = await MosquittoProcess.StartAsync();
        await using var client = await RemoteClient.ConnectAsync(mosquitto.Port, "reader", "#");
        await using var scene = await BridgeScene.CreateAsync();
        await scene.AddWorkingAsync($"mqtt://127.0.0.1:{mosquitto.Port}", $"\"protocol\":\"{protocol}\",\"qos\":{qos},{ToCloud}");

        await scene.Node.PublishAsync(
            Enumerable.Range(0, 300).Select(n => ($"devices/d{n % 3}/events/e", $"{n}")), contentType: "application/json");
        await scene.Node.PublishAsync("elsewhere", "no");
        var received = await ReadAsync(client, 300);

        Assert.Equal(["cloud/d0/events/e", "cloud/d1/events/e", "cloud/d2/events/e"], received.Select(one => one.Topic).Distinct().Order());
        foreach (var device in received.GroupBy(one => one.Topic))
        {
            Assert.Equal(Enumerable.Range(0, 100).Select(n => (3 * n) + (device.Key[7] - '0')), device.Select(Number));
        }

        var status = await scene.Node.UntilAsync(one => one.Delivered == 300, "plant");
        Assert.True(status.Connection!.IsConnected);
        Assert.Equal((0, 0), (status.FailedAttempts, status.DeadLettered));
        if (protocol == "5")
        {
            Assert.Equal(300, received.Select(one => RemoteClient.Property(one, "hf-id")).Distinct().Count());
            Assert.All(received, one => Assert.Equal(("application/json", $"{scene.Node.Log.Incarnation}/p"), (one.ContentType, RemoteClient.Property(one, "hf-via"))));
        }
    }

    [Fact]
    public async Task What_arrives_is_acknowledged_only_after_its_commit_and_comes_again_when_there_was_none()
    {
        await using var mosquitto = await MosquittoProcess.StartAsync();
        await using var client = await RemoteClient.ConnectAsync(mosquitto.Port, "writer");
        await using var scene = await BridgeScene.CreateAsync();
        var refusing = new TaskCompletionSource<PublishStatus>();
        scene.Decide = _ => refusing.Task;
        await scene.AddWorkingAsync(
            $"mqtt://127.0.0.1:{mosquitto.Port}", "\"direction\":\"in\",\"inbound\":[{\"filter\":\"plant/#\",\"strip\":\"plant/\",\"template\":\"devices/{topic}\"}]");
        await scene.LoggedAsync(": connected to");
        await client.PublishAsync("plant/a/events/x", "1", BridgeScene.Long, false, ("color", "red"));
        await client.PublishAsync("plant/a/events/x", "2", BridgeScene.Long);

        var first = await scene.Offered.ReadAsync(BridgeScene.Long);
        Assert.Equal(("devices/a/events/x", "integration/plant", false), (first.Topic, first.Publisher, first.PossibleDuplicate));
        Assert.Contains(first.UserProperties, property => property is { Name: "color", Value: "red" });
        await scene.Offered.ReadAsync(BridgeScene.Long);
        Assert.Equal(0, scene.Node.Status("plant").Connection!.Received);

        // The node cannot store: the connection is given up, and the other broker has kept both.
        scene.Decide = _ => Task.FromResult(PublishStatus.Committed);
        refusing.SetResult(PublishStatus.NotCommitting);
        await scene.LoggedAsync("this node cannot store now");
        foreach (var expected in new[] { "1", "2" })
        {
            var again = await scene.Offered.ReadAsync(BridgeScene.Long);
            Assert.Equal((expected, true), (Text(again), again.PossibleDuplicate));
        }

        await scene.Node.UntilAsync(one => one.Connection!.Received == 2, "plant");
        await scene.Node.Service.StopAsync("p", "plant");
        await client.PublishAsync("plant/a/events/x", "3", BridgeScene.Long);
        await scene.Node.Service.StartAsync("p", "plant", BridgeScene.Long);
        Assert.Equal("3", Text(await scene.Offered.ReadAsync(BridgeScene.Long)));
    }

    [Fact]
    public async Task A_message_does_not_go_back_where_it_came_from_nor_come_back_by_another_way()
    {
        await using var mosquitto = await MosquittoProcess.StartAsync();
        await using var client = await RemoteClient.ConnectAsync(mosquitto.Port, "other", "#");
        await using var scene = await BridgeScene.CreateAsync();
        await scene.AddWorkingAsync($"mqtt://127.0.0.1:{mosquitto.Port}", "\"direction\":\"both\",\"inbound\":[{\"filter\":\"#\"}]", filter: "#");
        await scene.LoggedAsync(": connected to");

        await scene.Node.PublishAsync("devices/d/events/e", "ours");
        await scene.Node.UntilAsync(one => one.Delivered == 1, "plant");
        await client.PublishAsync("devices/d/events/e", "theirs", BridgeScene.Long);
        await client.PublishAsync("devices/d/events/e", "returned", BridgeScene.Long, false, ("hf-via", $"{scene.Node.Log.Incarnation}/p"));
        await client.PublishAsync("devices/d/events/e", "last", BridgeScene.Long);
        Assert.Equal("theirs", Text(await scene.Offered.ReadAsync(BridgeScene.Long)));
        Assert.Equal("last", Text(await scene.Offered.ReadAsync(BridgeScene.Long)));
        var status = await scene.Node.UntilAsync(one => one.Connection!.Received == 2, "plant");
        Assert.Equal(1, status.Connection!.Returned);

        await scene.Node.PublishAsync("devices/d/events/e", "end");
        await scene.Node.UntilAsync(one => one.Delivered == 2, "plant");
        Assert.Equal(["ours", "theirs", "returned", "last", "end"], (await ReadAsync(client, 5)).Select(one => one.ConvertPayloadToString()));
    }

    [Fact]
    public async Task A_broker_that_is_killed_under_load_gets_everything_in_order()
    {
        const int Events = 3_000;
        await using var mosquitto = await MosquittoProcess.StartAsync();
        await using var client = await RemoteClient.ConnectAsync(mosquitto.Port, "reader", "cloud/#");
        await mosquitto.TerminateAsync(); // The reader's session is saved.
        await mosquitto.RunAsync();
        await using var scene = await BridgeScene.CreateAsync();
        await scene.AddWorkingAsync($"mqtt://127.0.0.1:{mosquitto.Port}", ToCloud);
        var received = new List<MqttApplicationMessage>();
        for (var part = 0; part < 3; part++)
        {
            await scene.Node.PublishAsync(Enumerable.Range(part * Events / 3, Events / 3).Select(n => ($"devices/d{n % 7}/events/e", $"{n}")));
            received.AddRange(await ReadAsync(client, 100));
            await mosquitto.KillAsync();
            await mosquitto.RunAsync();
        }

        var seen = received.Select(Number).ToHashSet();
        while (seen.Count < Events)
        {
            received.Add(await client.Received.ReadAsync(BridgeScene.Long));
            seen.Add(Number(received[^1]));
        }

        foreach (var device in received.GroupBy(one => one.Topic))
        {
            var firsts = device.Select(Number).Distinct().ToList();
            Assert.Equal(firsts.Order(), firsts);
        }

        Assert.All(received.GroupBy(Number), same => Assert.Single(same.Select(one => RemoteClient.Property(one, "hf-id")).Distinct()));
        await scene.Node.UntilAsync(one => one.Delivered == Events, "plant");
    }

    [Fact]
    public async Task Wrong_credentials_are_shown_and_the_password_is_not()
    {
        await using var mosquitto = await MosquittoProcess.StartAsync(_ => "allow_anonymous false");
        await using var scene = await BridgeScene.CreateAsync();
        await scene.AddWorkingAsync($"mqtt://127.0.0.1:{mosquitto.Port}", "\"username\":\"us\",\"password\":\"hidden-one\"");
        var line = await scene.LoggedAsync("not connected");
        Assert.Contains("refused the connection: NotAuthorized", line, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-one", line, StringComparison.Ordinal);
        var status = scene.Node.Status("plant");
        Assert.Equal((IntegrationState.Open, false), (status.State, status.Connection!.IsConnected));
        Assert.Contains("NotAuthorized", status.LastError, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-one", status.Definition.Settings.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_authority_of_ones_own_and_a_client_certificate(bool isTrusted)
    {
        using var files = new TemporaryDirectory();
        var (certificate, key) = (files.Below("c.pem"), files.Below("k.pem"));
        TestCertificates.Write(certificate, key);
        using var stranger = TestCertificates.Create("stranger");
        await using var mosquitto = await MosquittoProcess.StartAsync(_
            => $"certfile {certificate}\nkeyfile {key}\ncafile {certificate}\nrequire_certificate true\nallow_anonymous true");
        await using var scene = await BridgeScene.CreateAsync();
        var tls = System.Text.Json.JsonSerializer.Serialize(new
        {
            ca = isTrusted ? await File.ReadAllTextAsync(certificate, BridgeScene.Long) : stranger.ExportCertificatePem(),
            certificate = await File.ReadAllTextAsync(certificate, BridgeScene.Long),
            key = await File.ReadAllTextAsync(key, BridgeScene.Long),
        });
        await scene.AddWorkingAsync($"mqtts://localhost:{mosquitto.Port}", $"\"tls\":{tls}");
        if (isTrusted)
        {
            await scene.LoggedAsync(": connected to");
            await scene.Node.PublishAsync("devices/d/events/e", "x");
            await scene.Node.UntilAsync(one => one.Delivered == 1, "plant");
        }
        else
        {
            Assert.Contains("certificate", await scene.LoggedAsync("not connected"), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("PRIVATE KEY", scene.Node.Status("plant").Definition.Settings.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_go_both_ways_over_WebSocket()
    {
        await using var mosquitto = await MosquittoProcess.StartAsync();
        await using var proxy = await WebSocketProxy.StartAsync(mosquitto.Port);
        await using var client = await RemoteClient.ConnectAsync(mosquitto.Port, "other", "devices/#");
        await using var scene = await BridgeScene.CreateAsync();
        await scene.AddWorkingAsync(proxy.Url, "\"direction\":\"both\",\"inbound\":[{\"filter\":\"plant/#\"}]");
        await scene.LoggedAsync(": connected to");
        await scene.Node.PublishAsync("devices/d/events/e", new string('x', 100_000));
        Assert.Equal(100_000, (await ReadAsync(client, 1))[0].Payload.Length);
        await client.PublishAsync("plant/x", new string('y', 100_000), BridgeScene.Long);
        Assert.Equal(100_000, (await scene.Offered.ReadAsync(BridgeScene.Long)).Payload.Length);
    }

    [Fact]
    public async Task A_broker_inside_is_refused_unless_it_is_allowed()
    {
        await using var scene = await BridgeScene.CreateAsync(AddressPolicy.PublicOnly);
        await scene.AddWorkingAsync("mqtt://localhost:1");
        Assert.Contains("--allow-private-webhooks", await scene.LoggedAsync("not connected"), StringComparison.Ordinal);
    }

    private static async Task<List<MqttApplicationMessage>> ReadAsync(RemoteClient client, int count)
    {
        var read = new List<MqttApplicationMessage>();
        while (read.Count < count)
        {
            read.Add(await client.Received.ReadAsync(BridgeScene.Long));
        }

        return read;
    }

    private static int Number(MqttApplicationMessage message) => int.Parse(message.ConvertPayloadToString(), System.Globalization.CultureInfo.InvariantCulture);

    private static string Text(EventToPublish message) => System.Text.Encoding.UTF8.GetString(message.Payload.Span);
}
