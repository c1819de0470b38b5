using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Holdfast.Status.Managing;
using Holdfast.Status.Page;
using Holdfast.Status.Tests.Support;
using Holdfast.Testing;

namespace Holdfast.Status.Tests.Managing;

/// <summary>What a postmortem says of the events of its time: asked of a real cloud, and of one that lies.</summary>
public sealed class CustodyTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly DateTimeOffset _start = TimeProvider.System.GetUtcNow();
    private ServerProcess _cloud = null!;
    private WebhookReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _cloud = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("cloud")));
        _receiver = await WebhookReceiver.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _cloud.DisposeAsync();
        await _receiver.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_cloud_says_per_product_what_was_late_and_lost()
    {
        using var api = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_cloud.HttpPort}/api/v1/products/") };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        await PostAsync(api, "", new JsonObject { ["name"] = "acme" });
        await PostAsync(api, "acme/integrations", new JsonObject { ["name"] = "billing", ["filter"] = "devices/+/events/#", ["url"] = _receiver.Url });
        for (int count = 0; count < 3; count++)
        {
            await PostAsync(api, "acme/events", new JsonObject { ["device"] = "pump-7", ["name"] = "pressure", ["payload"] = "9" });
            await _receiver.NextAsync();
        }

        using var custody = new CustodyClient(new PageOptions { Cloud = $"http://127.0.0.1:{_cloud.HttpPort}", CloudProducts = ["acme", "default"] }, Token);
        string figures = "";
        for (int attempt = 0; attempt < 600 && !figures.Contains("3 of 3 delivered", StringComparison.Ordinal); attempt++)
        {
            // What was delivered is in the report once the attempt's note is on disk.
            figures = await custody.ReadAsync(_start.AddSeconds(-1), TimeProvider.System.GetUtcNow().AddMinutes(1), TestContext.Current.CancellationToken);
        }

        Assert.Equal(
            """
            - Product acme: 3 events accepted, 0 never arrived.
              - billing: 3 of 3 delivered, 0 late, 0 waiting, 0 dead letters, lost: 0
            - Product default: 0 events accepted, 0 never arrived.
            """.ReplaceLineEndings("\n"),
            figures);
    }

    [Fact]
    public async Task What_a_cloud_says_is_text()
    {
        string answer = """{"events":{"accepted":1,"missing":0},"integrations":[{"name":"<script>alert(1)</script> [x](javascript:alert(2))","wanted":1,"delivered":1,"late":0,"waiting":0,"deadLetters":0,"lost":0}]}""";
        _receiver.Answer(200, answer);
        using var custody = new CustodyClient(new PageOptions { Cloud = new Uri(_receiver.Url).GetLeftPart(UriPartial.Authority), CloudProducts = ["default"] }, null);
        string figures = await custody.ReadAsync(_start, _start, TestContext.Current.CancellationToken);
        string page = Markdown.Draw(figures).ToString();
        Assert.Contains("1 of 1 delivered", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<a ", page, StringComparison.OrdinalIgnoreCase);
    }

    private string Token => File.ReadAllText(Path.Combine(_directory.Below("cloud"), "admin-token")).Trim();

    private static async Task PostAsync(HttpClient api, string path, JsonObject body)
    {
        Uri target = path.Length == 0 ? new Uri(api.BaseAddress!.ToString().TrimEnd('/')) : new Uri(api.BaseAddress!, path);
        using HttpResponseMessage response = await api.PostAsJsonAsync(target, body, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
