using System.Diagnostics;

namespace Holdfast.Testing;

/// <summary>A mosquitto that can be killed and comes back at the same port with the sessions it has saved.</summary>
public sealed class MosquittoProcess : IAsyncDisposable
{
    private const string Program = "/usr/sbin/mosquitto";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private readonly TemporaryDirectory _directory = new();
    private readonly string _configuration;
    private Process _process = null!;

    private MosquittoProcess(int port, Func<TemporaryDirectory, string> options)
    {
        Port = port;
        _configuration = _directory.Below("mosquitto.conf");
        File.WriteAllText(
            _configuration,
            $"""
            per_listener_settings false
            listener {port} 127.0.0.1
            user root
            persistence true
            persistence_location {_directory.Path}/
            autosave_interval 1
            autosave_on_changes true
            max_inflight_messages 0
            max_queued_messages 0
            log_dest stderr
            log_type all
            {options(_directory)}

            """);
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Starts one where everybody may do everything, unless the options say otherwise.</summary>
    /// <param name="options">Lines of its configuration; they may name files below the directory.</param>
    public static async Task<MosquittoProcess> StartAsync(Func<TemporaryDirectory, string>? options = null)
    {
        Components.Require("apt-get install mosquitto", "sh", "-c", $"command -v {Program}");
        var mosquitto = new MosquittoProcess(FreePorts.Take(), options ?? (_ => "allow_anonymous true"));
        await mosquitto.RunAsync();
        return mosquitto;
    }

    /// <summary>SIGKILL; what it has not saved is gone.</summary>
    public Task KillAsync() => EndAsync(Signals.Kill);

    /// <summary>SIGTERM; it saves everything.</summary>
    public Task TerminateAsync() => EndAsync(Signals.Terminate);

    /// <summary>Starts it again.</summary>
    public async Task RunAsync()
    {
        var running = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = new ProcessStartInfo(Program, ["-c", _configuration]) { RedirectStandardError = true }, EnableRaisingEvents = true };
        var output = new List<string>();
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text && !running.Task.IsCompleted)
            {
                output.Add(text);
                if (text.Contains(" running", StringComparison.Ordinal))
                {
                    running.TrySetResult(true);
                }
            }
        };
        _process.Exited += (_, _) => running.TrySetResult(false);
        _process.Start();
        _process.BeginErrorReadLine();
        Assert.True(await running.Task.WaitAsync(Limit), $"{Program} did not start.\n{string.Join('\n', output)}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
        _directory.Dispose();
    }

    private async Task EndAsync(int signal)
    {
        Signals.Send(_process.Id, signal);
        await _process.WaitForExitAsync().WaitAsync(Limit);
    }
}
