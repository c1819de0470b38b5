using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Holdfast.Testing;

namespace Holdfast.Server.Tests.Attacks;

/// <summary>
/// A server process with two products: acme, of which an attacker has a device's key and a token of every scope, and another one that he has nothing of, full of things that all have its name in them.
/// </summary>
/// <param name="other">The other product's name.</param>
internal sealed class TwoProducts(string other) : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _client = new();

    public ServerProcess Server { get; private set; } = null!;

    /// <summary>The token of the attacker, with every scope in acme.</summary>
    public string Token { get; private set; } = "";

    /// <summary>The key of acme's device d.</summary>
    public string DeviceKey { get; private set; } = "";

    /// <summary>A token of the other product, with every scope.</summary>
    public string OtherToken { get; private set; } = "";

    /// <summary>The key of the other product's device.</summary>
    public string OtherDeviceKey { get; private set; } = "";

    /// <summary>The other product's device.</summary>
    public string OtherDevice => $"{other}-d";

    /// <summary>Further options of the server.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    public string Directory => _directory.Path;

    /// <summary>What the device d shows over HTTP.</summary>
    public string DeviceBasic => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"acme/d:{DeviceKey}"));

    /// <summary>The administrator's token.</summary>
    public string AdminToken => File.ReadAllText(_directory.Below("data/admin-token")).Trim();

    public async ValueTask InitializeAsync()
    {
        Server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")) { Options = ["--listen", "mqtt://127.0.0.1:0?anonymous=no", .. Options] });
        (Token, DeviceKey) = await AddProductAsync("acme", "main", "d");
        (OtherToken, OtherDeviceKey) = await AddProductAsync(other, $"{other}-main", OtherDevice);
        await PostAsync($"/api/v1/products/{other}/events", $$"""{"device":"{{OtherDevice}}","name":"{{other}}-name","payload":"{{other}}-payload"}""");
        await PostAsync($"/api/v1/products/{other}/events", $$"""{"topic":"{{other}}/kept","payload":"{{other}}-retained","retain":true}""");
        await PostAsync($"/api/v1/products/{other}/integrations", $$"""{"name":"{{other}}-hook","filter":"#","url":"http://127.0.0.1:1/{{other}}","paused":true}""");
        await PostAsync("/api/v1/products/acme/integrations", """{"name":"hook","filter":"none/#","url":"http://127.0.0.1:1/","paused":true}""");
    }

    /// <summary>Sends a request with the administrator's token, or another one.</summary>
    public async Task<(int Status, string Body)> SendAsync(HttpMethod method, string path, string? json = null, string? token = null)
    {
        using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{Server.HttpPort}{path}") { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? AdminToken);
        using var response = await _client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Server.DisposeAsync();
        _directory.Dispose();
    }

    private async Task<(string Token, string Key)> AddProductAsync(string product, string token, string device)
    {
        await PostAsync("/api/v1/products", $$"""{"name":"{{product}}"}""");
        var made = await PostAsync($"/api/v1/products/{product}/tokens", $$"""{"name":"{{token}}","scopes":["publish","subscribe","read","manage"]}""");
        var added = await PostAsync($"/api/v1/products/{product}/devices", $$"""{"id":"{{device}}"}""");
        return (made.GetProperty("token").GetString()!, added.GetProperty("key").GetString()!);
    }

    private async Task<JsonElement> PostAsync(string path, string json)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, path, json);
        Assert.True(status is >= 200 and < 300, $"POST {path}: {status} {body}");
        return JsonElement.Parse(body);
    }
}
