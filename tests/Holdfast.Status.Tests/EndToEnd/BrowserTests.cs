using System.Diagnostics;
using System.Text.Json.Nodes;
using Holdfast.Status.Tests.Support;
using Holdfast.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.EndToEnd;

/// <summary>The page in a real browser: Debian's Chromium, driven by Playwright.</summary>
public sealed class BrowserTests
{
    private const string Password = "correct horse battery";

    private static readonly string Agents = Path.Combine(Repository.Root, "tests", "Holdfast.Status.Tests", "Agents");

    [Fact]
    public async Task It_is_readable_everywhere_without_script_and_operators_can_work()
    {
        Components.Require("apt-get install chromium", "/usr/bin/chromium", "--version");
        Components.Require($"npm ci --prefix {Path.GetRelativePath(Repository.Root, Agents)}", "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", Agents);

        // The page's clock stands still: however long the browser takes, the watcher does not turn silent meanwhile and the page stays the same.
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using TestPage page = await TestPage.StartAsync(clock);
        using (var registry = new OperatorRegistry(page.Directory))
        {
            registry.Set("ada", Password);
        }

        await page.ReportAsync("ok", 3, "HTTP");
        await page.ReportAsync("ok", 3, "<img src=x onerror=alert(1)>");
        await page.FailAsync();
        Assert.Single((await page.DoAsync(HttpMethod.Get, "incidents")).AsArray());
        await page.DoAsync(HttpMethod.Post, "announcements", new JsonObject { ["title"] = "The broker is highly available", ["text"] = "It has **three** nodes now." });
        JsonNode seen = await LookAsync(page.Address);
        Assert.Empty(seen["problems"]!.AsArray().Select(problem => (string?)problem));
        JsonNode texts = seen["texts"]!;
        Assert.Contains("published messages are not acknowledged", (string?)texts["phone-dark-plain"], StringComparison.Ordinal);
        Assert.Equal((string?)texts["desk-light-plain"], (string?)texts["desk-light-script"]);
        Assert.Contains("New disks", (string?)texts["after"], StringComparison.Ordinal);
        Assert.Contains("detected automatically, confirmed", (string?)texts["after"], StringComparison.Ordinal);
    }

    private static async Task<JsonNode> LookAsync(Uri address)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "status-page")).FullName;
        using var process = Process.Start(new ProcessStartInfo("node", [Path.Combine(Agents, "browser.mjs"), address.GetLeftPart(UriPartial.Authority), folder, "ada", Password])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await error);
        return JsonNode.Parse(await output)!;
    }
}
