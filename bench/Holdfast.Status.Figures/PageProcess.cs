using System.Diagnostics;
using Holdfast.Testing;

namespace Holdfast.Status.Figures;

/// <summary>The page as it is run, on one core.</summary>
internal sealed class PageProcess : IAsyncDisposable
{
    private readonly Process _process;

    private PageProcess(Process process)
    {
        _process = process;
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>From the start of the process until it said that it is ready.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>Starts it, and waits until it is ready.</summary>
    public static async Task<PageProcess> StartAsync(string data, int core)
    {
        long start = Stopwatch.GetTimestamp();
        var page = new PageProcess(Process.Start(new ProcessStartInfo("taskset", ["-c", $"{core}", "dotnet", Repository.ServerDll, "status", "serve", "--data", data, "--listen", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
        })!);
        while (await page._process.StandardOutput.ReadLineAsync() is { } line)
        {
            const string Listening = "listening ";
            if (line.StartsWith(Listening, StringComparison.Ordinal))
            {
                page.Address = new Uri(line[Listening.Length..]);
            }
            else if (line == "ready")
            {
                page.StartTime = Stopwatch.GetElapsedTime(start);
                return page;
            }
        }

        throw new InvalidOperationException("The page ended before it was ready.");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
