using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Status.Watching;
using Holdfast.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Watching;

/// <summary>The steps of a round against a real server, and what is left out where it has no meaning.</summary>
public sealed class WatchStepTests : IAsyncLifetime
{
    // Only a failure reaches it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private ServerProcess _cloud = null!;

    public async ValueTask InitializeAsync()
        => _cloud = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("cloud")) { MqttPort = FreePorts.Take(), HttpPort = FreePorts.Take() });

    public async ValueTask DisposeAsync()
    {
        await _cloud.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Commands_go_to_a_device_and_its_answer_comes_back()
    {
        IReadOnlyList<WatchedStep> steps = await RoundAsync(new WatchOptions { Targets = [new WatchTarget("MQTT", new Uri($"mqtt://127.0.0.1:{_cloud.MqttPort}"))], StepTimeout = Patience, LateAfter = Patience }, 1);
        Assert.Equal(["connect", "subscribe", "acknowledge", "deliver", "command"], steps.Select(step => step.Step));
        Assert.All(steps, step => Assert.Equal("ok", step.Verdict));
    }

    [Fact]
    public async Task A_device_is_called_over_http_and_its_answer_comes_back()
    {
        IReadOnlyList<WatchedStep> steps = await RoundAsync(Http() with { Device = new Uri($"mqtt://127.0.0.1:{_cloud.MqttPort}") }, 2);
        Assert.Equal(["publish", "stream", "clock", "call"], steps.Select(step => step.Step));
        Assert.All(steps, step => Assert.True(step.Verdict == "ok", $"{step}"));
    }

    [Fact]
    public async Task A_device_that_cannot_connect_is_told_as_the_reason_why_it_cannot_be_called()
    {
        IReadOnlyList<WatchedStep> steps = await RoundAsync(Http() with { Device = new Uri($"mqtt://127.0.0.1:{FreePorts.Take()}") }, 1);
        WatchedStep call = steps.Single(step => step.Step == "call");
        Assert.Equal(("failed", "the device cannot connect: nobody listens there"), (call.Verdict, call.Detail));
    }

    [Fact]
    public async Task An_event_comes_as_a_webhook_to_the_watcher_itself_and_nothing_is_left_behind()
    {
        int port = FreePorts.Take();
        IReadOnlyList<WatchedStep> steps = await RoundAsync(Http() with { WebhookListener = new IPEndPoint(IPAddress.Loopback, port), WebhookUrl = new Uri($"http://127.0.0.1:{port}/") }, 2);
        Assert.Equal(["publish", "stream", "clock", "webhook"], steps.Select(step => step.Step));
        Assert.All(steps, step => Assert.True(step.Verdict == "ok", $"{step}"));
        using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) } };
        string left = await http.GetStringAsync(new Uri($"http://127.0.0.1:{_cloud.HttpPort}/api/v1/products/default/integrations"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("watch-", left, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Webhooks_that_are_blocked_are_told_while_all_else_is_well()
    {
        // Nobody answers at the address that the cloud is told.
        IReadOnlyList<WatchedStep> steps = await RoundAsync(
            Http() with { WebhookListener = new IPEndPoint(IPAddress.Loopback, FreePorts.Take()), WebhookUrl = new Uri($"http://127.0.0.1:{FreePorts.Take()}/"), StepTimeout = TimeSpan.FromSeconds(10) }, 1);
        WatchedStep webhook = steps.Single(step => step.Step == "webhook");
        Assert.Equal("failed", webhook.Verdict);
        Assert.Contains("does not come", webhook.Detail, StringComparison.Ordinal);
        Assert.All(steps.Where(step => step.Step != "webhook"), step => Assert.NotEqual("failed", step.Verdict));
    }

    [Fact]
    public async Task Clocks_that_are_apart_are_told()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(2));
        IReadOnlyList<WatchedStep> steps = await RoundAsync(Http(), 1, clock);
        WatchedStep step = steps.Single(one => one.Step == "clock");
        Assert.Equal("late", step.Verdict);
        Assert.Contains("min", step.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, "failed", "the certificate ended 1 d")]
    [InlineData(400, "failed", "not trusted")]
    public async Task A_certificate_is_looked_at(int days, string verdict, string words)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-10), now.AddDays(days));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task serving = ServeAsync(listener, certificate);
        var target = new WatchTarget("TLS", new Uri($"mqtts://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        await using var probe = new CertificateProbe(target, new WatchOptions { Targets = [target], StepTimeout = Patience }, TimeProvider.System);
        var step = Assert.Single(await probe.RunAsync(TestContext.Current.CancellationToken));
        Assert.Equal(("certificate", verdict), (step.Step, step.Verdict));
        Assert.Contains(words, step.Detail, StringComparison.Ordinal);
        await serving;
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsServerAsync(certificate);
        }
        catch (IOException)
        {
            // The watcher does not trust it, and says so.
        }
        catch (System.Security.Authentication.AuthenticationException)
        {
            // The same, told by the other side.
        }
    }

    private string Token => File.ReadAllText(Path.Combine(_directory.Below("cloud"), "admin-token")).Trim();

    private WatchOptions Http() => new() { TargetToken = Token, StepTimeout = Patience, Targets = [new WatchTarget("HTTP", new Uri($"http://127.0.0.1:{_cloud.HttpPort}"))], Interval = TimeSpan.FromMilliseconds(200), LateAfter = Patience };

    private static async Task<IReadOnlyList<WatchedStep>> RoundAsync(WatchOptions options, int rounds, TimeProvider? time = null)
    {
        IReadOnlyList<WatchedStep> last = [];
        await using var watcher = new Watcher(options, time ?? TimeProvider.System, NullLogger.Instance);
        await watcher.RunAsync(steps => last = steps, rounds, TestContext.Current.CancellationToken);
        return last;
    }
}
