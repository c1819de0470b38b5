using Holdfast.Status.Tests.Support;
using Holdfast.Testing;

namespace Holdfast.Status.Tests.EndToEnd;

/// <summary>The copy of a page that outlives it, made by the command.</summary>
public sealed class ExportTests
{
    [Fact]
    public async Task Every_document_becomes_a_file_and_every_link_leads_somewhere()
    {
        using var directory = new TemporaryDirectory();
        await using TestPage page = await TestPage.StartAsync(TimeProvider.System);
        await page.FailAsync();
        await CommandProcess.RunAsync("", "status", "export", "--to", directory.Path, "--server", page.Address.ToString());
        string[] paths = [.. (await page.GetJsonAsync("site.json"))["paths"]!.AsArray().Select(path => (string)path!)];
        Assert.Contains("incidents/1.html", paths);
        Assert.All(paths, path => Assert.NotEqual(0, new FileInfo(directory.Below(path)).Length));
        foreach (string file in Directory.EnumerateFiles(directory.Path, "*.html", SearchOption.AllDirectories))
        {
            foreach (System.Text.RegularExpressions.Match link in System.Text.RegularExpressions.Regex.Matches(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), "href=\"([^\"#]+)\""))
            {
                // To subscribe needs a server.
                string target = link.Groups[1].Value;
                Assert.True(target == "subscribe" || File.Exists(Path.Combine(Path.GetDirectoryName(file)!, target)), $"{file}: {target}");
            }
        }

        Assert.Contains("MQTT", (await File.ReadAllTextAsync(directory.Below("index.html"), TestContext.Current.CancellationToken)), StringComparison.Ordinal);
    }
}
