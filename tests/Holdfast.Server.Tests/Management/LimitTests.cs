using System.Text.Json;
using Holdfast.Testing;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Holdfast.Server.Tests.Management;

/// <summary>Limits that are set by the commands, met by devices.</summary>
public sealed class LimitTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private ServerProcess _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        await RunAsync("product", "add", "acme");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_product_gives_limits_to_each_device_and_one_device_has_its_own()
    {
        var (pump, gateway) = (await AddDeviceAsync("pump"), await AddDeviceAsync("gateway"));
        await RunAsync("product", "limit", "acme", "--connections", "3");
        await RunAsync("product", "limit", "acme", "--each-device", "--connections", "1", "--packet-bytes", "2kB", "--inflight", "5", "--queue-age", "1h");
        var own = await RunAsync("device", "limit", "gateway", "--product", "acme", "--connections", "10", "--packet-bytes", "20kB", "--json");
        Assert.Equal((10, 20_000), (own.GetProperty("connections").GetInt64(), own.GetProperty("packetBytes").GetInt64()));
        Assert.Equal(JsonValueKind.Null, own.GetProperty("inflight").ValueKind);

        using var first = new MqttClientFactory().CreateMqttClient();
        var told = await ConnectAsync(first, "pump", pump, "one");
        Assert.Equal((2000u, (ushort)5), (told.MaximumPacketSize!.Value, told.ReceiveMaximum!.Value));
        using var second = new MqttClientFactory().CreateMqttClient();
        Assert.Equal(MqttClientConnectResultCode.QuotaExceeded, await RefusedAsync(second, "pump", pump, "two"));

        // The device's own limit goes before that of each, and stays below the product's.
        told = await ConnectAsync(second, "gateway", gateway, "one");
        Assert.Equal((20_000u, (ushort)5), (told.MaximumPacketSize!.Value, told.ReceiveMaximum!.Value));
        using var third = new MqttClientFactory().CreateMqttClient();
        await ConnectAsync(third, "gateway", gateway, "two");
        using var fourth = new MqttClientFactory().CreateMqttClient();
        Assert.Equal(MqttClientConnectResultCode.QuotaExceeded, await RefusedAsync(fourth, "gateway", gateway, "three"));

        await RunAsync("product", "limit", "acme", "--connections", "none");
        await ConnectAsync(fourth, "gateway", gateway, "three");
        Assert.True((await second.PublishAsync(
            new MqttApplicationMessage { Topic = "devices/gateway/events/a", Payload = new(new byte[10_000]), QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce }, Cancellation)).IsSuccess);
        Assert.Contains("QuotaExceeded", _server.Output, StringComparison.Ordinal);
    }

    private async Task<MqttClientConnectResult> ConnectAsync(IMqttClient client, string device, string key, string clientId)
    {
        var result = await TryAsync(client, device, key, clientId);
        Assert.Equal(MqttClientConnectResultCode.Success, result.ResultCode);
        return result;
    }

    private Task<MqttClientConnectResult> TryAsync(IMqttClient client, string device, string key, string clientId)
        => client.ConnectAsync(
            new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", _server.MqttPort).WithProtocolVersion(MqttProtocolVersion.V500).WithCredentials($"acme/{device}", key).WithClientId(clientId).Build(), Cancellation);

    private async Task<MqttClientConnectResultCode> RefusedAsync(IMqttClient client, string device, string key, string clientId)
        => (await TryAsync(client, device, key, clientId)).ResultCode;

    private async Task<string> AddDeviceAsync(string id) => (await RunAsync("device", "add", id, "--product", "acme", "--json")).GetProperty("key").GetString()!;

    private async Task<JsonElement> RunAsync(params string[] command)
    {
        using var terminal = new TestTerminal();
        var code = await terminal.RunAsync([.. command, "--server", $"http://127.0.0.1:{_server.HttpPort}", "--data", _directory.Below("data")]);
        Assert.True(code == 0, terminal.Error);
        return command.Contains("--json") ? JsonElement.Parse(terminal.Output) : default;
    }
}
