using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Holdfast.Clients.Drivers;
using Holdfast.Testing;

namespace Holdfast.Clients;

/// <summary>What receivers use: the npm libraries standardwebhooks, for signatures, and cloudevents, for bodies, in the versions of package-lock.json.</summary>
public sealed class WebhookLibraryTests : IAsyncLifetime
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string NextSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    private const string Integrations = "api/v1/products/default/integrations";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private readonly Channel<JsonElement> _lines = Channel.CreateUnbounded<JsonElement>();
    private readonly HttpClient _http = new();
    private ServerProcess? _server;
    private LineProcess? _receiver;
    private int _port;

    public async ValueTask InitializeAsync()
    {
        MqttJsTests.RequireAgents();
        _server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        var token = await File.ReadAllTextAsync(Path.Combine(_directory.Below("data"), "admin-token"), TestContext.Current.CancellationToken);
        _http.BaseAddress = new Uri($"http://127.0.0.1:{_server.HttpPort}/");
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        _receiver = new LineProcess("node", [Path.Combine(AgentClient.Folder, "webhook.mjs"), Secret, NextSecret], line => _lines.Writer.TryWrite(JsonElement.Parse(line)));
        _port = (await NextAsync()).GetProperty("port").GetInt32();
    }

    public async ValueTask DisposeAsync()
    {
        if (_receiver is not null)
        {
            await _receiver.EndAsync(Signals.Kill);
            await _receiver.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _http.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("json", 1)]
    [InlineData("json", 10)]
    [InlineData("raw", 1)]
    public async Task Signatures_verify_with_both_secrets_during_a_rotation_and_never_for_another_body(string body, int maxBatch)
    {
        await AddAsync(body, maxBatch);
        await PublishAsync("""{"bar":2.5,"text":"ü"}""");
        Assert.Equal(("[true,false]", "[false,false]"), Judgement(await NextAsync()));

        await SendAsync("/hook/secret", $$"""{"secret":"{{NextSecret}}","overlapSeconds":600}""");
        await PublishAsync("""{"bar":3}""");
        Assert.Equal(("[true,true]", "[false,false]"), Judgement(await NextAsync()));

        await SendAsync("/hook/secret", $$"""{"secret":"{{NextSecret}}","overlapSeconds":0}""");
        await PublishAsync("""{"bar":4}""");
        Assert.Equal(("[false,true]", "[false,false]"), Judgement(await NextAsync()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task Bodies_parse_as_cloud_events(int maxBatch)
    {
        await AddAsync("cloudevents", maxBatch);
        await PublishAsync("""{"bar":2.5}""");

        var received = await NextAsync();

        Assert.Equal(JsonValueKind.Array, received.GetProperty("events").ValueKind);
        var parsed = Assert.Single(received.GetProperty("events").EnumerateArray());
        Assert.True(parsed.GetProperty("isValid").GetBoolean());
        var cloudEvent = parsed.GetProperty("event");
        Assert.Equal(
            ("holdfast.event.pressure", "/products/default/devices/pump-1", "devices/pump-1/events/pressure", 2.5),
            (cloudEvent.GetProperty("type").GetString(), cloudEvent.GetProperty("source").GetString(), cloudEvent.GetProperty("subject").GetString(),
                cloudEvent.GetProperty("data").GetProperty("bar").GetDouble()));
        Assert.Equal(("[true,false]", "[false,false]"), Judgement(received));
    }

    private static (string Verified, string Tampered) Judgement(JsonElement received)
        => (received.GetProperty("verified").GetRawText(), received.GetProperty("tampered").GetRawText());

    private async Task<JsonElement> NextAsync()
        => await _lines.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken);

    private Task AddAsync(string body, int maxBatch) => SendAsync(
        "", $$"""{"name":"hook","filter":"devices/#","url":"http://127.0.0.1:{{_port}}/","secret":"{{Secret}}","body":"{{body}}","maxBatch":{{maxBatch}},"maxWaitMilliseconds":0}""");

    private async Task PublishAsync(string payload)
    {
        var json = JsonSerializer.Serialize(new { topic = "devices/pump-1/events/pressure", payload = JsonElement.Parse(payload), payloadEncoding = "json", contentType = "application/json" });
        await PostAsync("api/v1/products/default/events", json);
    }

    private Task SendAsync(string below, string json) => PostAsync(Integrations + below, json);

    private async Task PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
