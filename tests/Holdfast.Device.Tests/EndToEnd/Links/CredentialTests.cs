using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests.EndToEnd.Links;

/// <summary>A server that admits nobody without credentials: a device comes in with its key, an API token or a client certificate.</summary>
public sealed class CredentialTests : IAsyncLifetime
{
    private const string Product = "/api/v1/products/acme";

    private readonly TemporaryDirectory _directory = new();
    private readonly int _port = FreePorts.Take();
    private ServerProcess _server = null!;
    private X509Certificate2 _authority = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        var (certificate, key) = (_directory.Below("certificate.pem"), _directory.Below("key.pem"));
        TestCertificates.Write(certificate, key);
        _authority = X509CertificateLoader.LoadCertificateFromFile(certificate);
        _server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data"))
        {
            Options = ["--listen", $"mqtts://127.0.0.1:{_port}?client-certificates=optional&anonymous=no", "--certificate", certificate, "--key", key],
        });
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_server.HttpPort}") };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(_directory.Below("data"), "admin-token"))).Trim());
        await PostAsync("/api/v1/products", new { name = "acme" });
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_key_lets_its_device_in_and_a_wrong_one_nobody()
    {
        var key = (await PostAsync($"{Product}/devices", new { id = "pump-7" })).GetProperty("key").GetString();
        await AssertStoresAsync(Options("pump-7") with { UserName = "acme/pump-7", Password = key });
        await AssertRefusedAsync(Options("pump-7") with { UserName = "acme/pump-7", Password = "hfk_wrong" });
        await AssertRefusedAsync(Options("pump-7"));
    }

    [Fact]
    public async Task A_token_lets_a_gateway_in()
    {
        var token = (await PostAsync($"{Product}/tokens", new { name = "gateway", scopes = (string[])["publish"] })).GetProperty("token").GetString();
        await AssertStoresAsync(Options("pump-8") with { UserName = "token", Password = token });
    }

    [Fact]
    public async Task A_certificate_lets_the_device_in_that_it_is_pinned_to()
    {
        var (certificateFile, keyFile) = (_directory.Below("own.pem"), _directory.Below("own-key.pem"));
        TestCertificates.Write(certificateFile, keyFile, "pump-9");
        await PostAsync($"{Product}/devices", new { id = "pump-9", certificate = await File.ReadAllTextAsync(certificateFile, TestContext.Current.CancellationToken), key = false });
        using var own = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        await AssertStoresAsync(Options("pump-9") with { ClientCertificate = own });
        using var other = TestCertificates.Create("pump-9");
        await AssertRefusedAsync(Options("pump-9") with { ClientCertificate = other });
    }

    private async Task AssertStoresAsync(DeviceOptions options)
    {
        await using var device = HoldfastDevice.Start(options);
        await device.PublishAsync(new DeviceEvent("n", "1"u8.ToArray())).Soon();
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        using var page = JsonDocument.Parse(await _http.GetStringAsync($"{Product}/events?device={options.DeviceId}&from=0", TestContext.Current.CancellationToken));
        Assert.Equal("1", Assert.Single(page.RootElement.GetProperty("events").EnumerateArray()).GetProperty("payload").ToString());
    }

    private static async Task AssertRefusedAsync(DeviceOptions options)
    {
        await using var device = HoldfastDevice.Start(options);
        await foreach (var status in device.ConnectivityChanges.WithCancellation(TestContext.Current.CancellationToken))
        {
            Assert.Equal(ConnectivityState.Offline, status.State);
            Assert.Contains("refused the connection: ", status.Reason, StringComparison.Ordinal);
            return;
        }
    }

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await _http.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return text.Length > 0 ? JsonElement.Parse(text) : default;
    }

    private DeviceOptions Options(string id) => new()
    {
        DeviceId = id,
        Endpoints = [new Uri($"mqtts://127.0.0.1:{_port}")],
        Outbox = new OutboxOptions { FlushInterval = TimeSpan.Zero },
        TrustedAuthorities = [_authority],
        FirstBackOff = TimeSpan.FromHours(1),
        LongestBackOff = TimeSpan.FromHours(1),
    };
}
