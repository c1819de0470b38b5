using System.Text.Json;
using Holdfast.Testing;

namespace Holdfast.Server.Tests.Devices;

/// <summary>A server, and what it has stored.</summary>
public sealed class DeviceServer : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private ServerProcess _process = null!;

    public string Url => $"mqtt://127.0.0.1:{_process.MqttPort}";

    public async ValueTask InitializeAsync() => _process = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));

    /// <summary>The events of a device in their order.</summary>
    public async Task<List<(string Name, string Payload)>> ReadAsync(string device)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_process.HttpPort}") };
        using var page = JsonDocument.Parse(await http.GetStringAsync($"/api/v1/products/default/events?device={device}&from=0&limit=1000", TestContext.Current.CancellationToken));
        Assert.False(page.RootElement.GetProperty("more").GetBoolean());
        return [.. page.RootElement.GetProperty("events").EnumerateArray().Select(e => (e.GetProperty("name").GetString()!, e.GetProperty("payload").GetString()!))];
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Dispose();
    }
}
