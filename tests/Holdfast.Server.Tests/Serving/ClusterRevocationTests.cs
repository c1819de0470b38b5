using System.Net.Http.Json;
using System.Text.Json;
using MQTTnet;
using MQTTnet.Formatter;

namespace Holdfast.Server.Tests.Serving;

/// <summary>What is revoked at one node ends connections at the other.</summary>
public sealed class ClusterRevocationTests
{
    private const string Product = "/api/v1/products/acme";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_device_and_a_token_that_are_revoked_at_one_node_are_disconnected_from_the_other()
    {
        using var cluster = await ServedCluster.CreateAsync();
        await using var a = await cluster.StartAsync("a");
        await using var b = await cluster.StartAsync("b");
        using var atA = cluster.Administrator(a, "a");
        await PostAsync(atA, "/api/v1/products", new { name = "acme" });
        var key = (await PostAsync(atA, Product + "/devices", new { id = "pump" })).GetProperty("key").GetString()!;
        var token = (await PostAsync(atA, Product + "/tokens", new { name = "back", scopes = new[] { "subscribe" } })).GetProperty("token").GetString()!;
        using var atB = cluster.Administrator(b, "b");
        await KnowsAsync(atB, "/api/v1/products", "acme");
        await KnowsAsync(atB, Product + "/devices", "pump");
        await KnowsAsync(atB, Product + "/tokens", "back");
        using var device = new MqttClientFactory().CreateMqttClient();
        using var backend = new MqttClientFactory().CreateMqttClient();
        var deviceEnds = await ConnectAsync(device, b.MqttPort, "acme/pump", key);
        var backendEnds = await ConnectAsync(backend, b.MqttPort, "token", token);

        await PostAsync(atA, Product + "/devices/pump/revocation", new { });
        Assert.Equal(MqttClientDisconnectReason.AdministrativeAction, await deviceEnds.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        Assert.True(backend.IsConnected);
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, (await TryAsync(device, b.MqttPort, "acme/pump", key)).ResultCode);

        await PostAsync(atA, Product + "/tokens/back/revocation", new { });
        Assert.Equal(MqttClientDisconnectReason.AdministrativeAction, await backendEnds.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, (await TryAsync(backend, b.MqttPort, "token", token)).ResultCode);
    }

    /// <summary>Connects.</summary>
    /// <returns>The reason with which the server will end the connection.</returns>
    private static async Task<Task<MqttClientDisconnectReason>> ConnectAsync(IMqttClient client, int port, string userName, string password)
    {
        var ended = new TaskCompletionSource<MqttClientDisconnectReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.Equal(MqttClientConnectResultCode.Success, (await TryAsync(client, port, userName, password)).ResultCode);
        client.DisconnectedAsync += disconnected =>
        {
            ended.TrySetResult(disconnected.Reason);
            return Task.CompletedTask;
        };
        return ended.Task;
    }

    private static Task<MqttClientConnectResult> TryAsync(IMqttClient client, int port, string userName, string password) => client.ConnectAsync(
        new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithProtocolVersion(MqttProtocolVersion.V500).WithCredentials(userName, password).WithClientId(userName).Build(), Cancellation);

    /// <summary>Asks until the node has heard of it: it hears within a second of what another has changed.</summary>
    private static async Task KnowsAsync(HttpClient client, string path, string text)
    {
        while (!(await client.GetStringAsync(path, Cancellation)).Contains(text, StringComparison.Ordinal))
        {
            await Task.Yield();
        }
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, object body)
    {
        using var answer = await client.PostAsJsonAsync(path, body, Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }
}
