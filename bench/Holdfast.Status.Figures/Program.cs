using System.Globalization;
using Holdfast.Status.Figures;
using Holdfast.Testing;

// Prints the figures of docs/status.md. Needs a build of the server: dotnet build -c Release src/Holdfast.Server
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
using var directory = new TemporaryDirectory();
string[] tokens = NinetyDays.Fill(directory.Path, TimeProvider.System.GetUtcNow());
Console.WriteLine("| figure | |\n|---|---|");
Console.WriteLine($"| 90 days of {NinetyDays.Watchers} watchers, {NinetyDays.Components} components with {NinetyDays.Steps.Count} steps each, every 10 s: {NinetyDays.Rows:#,0} rows | {new FileInfo(directory.Below("status.db")).Length / 1e6:0} MB |");

// The page has the first core for itself, whoever asks it has the second.
await using PageProcess page = await PageProcess.StartAsync(directory.Path, core: 0);
Console.WriteLine($"| from the start of the process to `ready` | {page.StartTime.TotalSeconds:0.00} s |");
Load.UseCore(1);
using var ending = new CancellationTokenSource();
Task reporting = Reporting.RunAsync(page.Address, tokens, ending.Token);
foreach (string path in new[] { "/", "/api/v2/summary.json", "/history.html" })
{
    await Load.RunAsync(page.Address, path, TimeSpan.FromSeconds(3));
    LoadResult result = await Load.RunAsync(page.Address, path, TimeSpan.FromSeconds(10));
    Console.WriteLine($"| `{path}` ({result.Bytes / 1000} kB), {Load.Connections} connections, while all watchers report | {result.PerSecond:#,0} requests/s, p99 {result.P99.TotalMilliseconds:0.0} ms |");
}

await ending.CancelAsync();
await reporting;
