using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Holdfast.Server.Tests.Brokers;

/// <summary>Debian's mosquitto on a free port, for as long as a test class runs.</summary>
public sealed class Mosquitto : IAsyncLifetime
{
    private const string Program = "/usr/sbin/mosquitto";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private Process? _process;

    /// <summary>Its port.</summary>
    public string Port { get; private set; } = "";

    /// <summary>Its process id.</summary>
    public string ProcessId => _process!.Id.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        // mosquitto cannot choose a port itself, so a free one is looked for; another process may be faster, then another is tried.
        for (int attempt = 0; attempt < 10; attempt++)
        {
            Port = FindFreePort();
            var started = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            var start = new ProcessStartInfo(Program, ["-v", "-p", Port]) { RedirectStandardError = true, RedirectStandardOutput = true };
            _process = new Process { StartInfo = start, EnableRaisingEvents = true };
            _process.ErrorDataReceived += (_, line) => started.TrySetResultWhen(line.Data?.Contains(" running", StringComparison.Ordinal) == true);
            _process.OutputDataReceived += (_, line) => started.TrySetResultWhen(line.Data?.Contains(" running", StringComparison.Ordinal) == true);
            _process.Exited += (_, _) => started.TrySetResult(false);
            _process.Start();
            _process.BeginErrorReadLine();
            _process.BeginOutputReadLine();
            if (await started.Task.WaitAsync(Timeout))
            {
                return;
            }

            _process.Dispose();
        }

        Assert.Fail($"{Program} did not start.");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>Completes a source when something is true.</summary>
internal static class CompletionExtensions
{
    internal static void TrySetResultWhen(this TaskCompletionSource<bool> source, bool condition)
    {
        if (condition)
        {
            source.TrySetResult(true);
        }
    }
}
