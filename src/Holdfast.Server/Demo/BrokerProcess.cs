using System.Diagnostics;
using System.Runtime.InteropServices;
using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Demo;

/// <summary>A program that runs a broker: it prints <c>listening mqtt://…</c>, <c>listening http://…</c> and <c>ready</c>.</summary>
/// <param name="FileName">The program.</param>
/// <param name="Arguments">Its arguments before the command.</param>
internal sealed record BrokerProgram(string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>The program of another build.</summary>
    /// <param name="directory">Where it was published to.</param>
    /// <exception cref="LabException">It is not there.</exception>
    public static BrokerProgram In(string directory)
    {
        string assembly = Path.GetFullPath(Path.Combine(directory, "holdfast.dll"));
        return File.Exists(assembly) ? new BrokerProgram("dotnet", [assembly]) : throw new LabException($"{assembly} is not there: name the directory of a published build");
    }

    /// <summary>This very program.</summary>
    public static BrokerProgram ThisOne()
    {
        string host = Environment.ProcessPath ?? "dotnet";
        bool isDotnet = Path.GetFileNameWithoutExtension(host) == "dotnet";
        return new BrokerProgram(host, isDotnet ? [typeof(BrokerProgram).Assembly.Location] : []);
    }
}

/// <summary>The broker as a process of its own, which can be killed.</summary>
internal sealed partial class BrokerProcess : IAsyncDisposable
{
    private const int SigKill = 9;
    private const int SigTerm = 15;

    /// <summary>What a shell reports for a process that SIGKILL ended: 128 + 9.</summary>
    private const int KilledExitCode = 137;

    private const int MostErrorLines = 50;
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly Queue<string> _errors = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool _isDisposed;

    private BrokerProcess(Process process) => _process = process;

    /// <summary>The last address of each scheme that it listens on.</summary>
    public Dictionary<string, Uri> Addresses { get; } = [];

    /// <summary>The address for MQTT.</summary>
    public Uri? Mqtt => Addresses.GetValueOrDefault("mqtt");

    /// <summary>The address for HTTP.</summary>
    public Uri? Http => Addresses.GetValueOrDefault("http");

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a broker and waits until it is ready.</summary>
    /// <param name="program">The program.</param>
    /// <param name="dataDirectory">Its data directory.</param>
    /// <param name="mqttPort">Its MQTT port; 0 for a free one.</param>
    /// <param name="httpPort">Its HTTP port; 0 for a free one.</param>
    /// <param name="timeout">The longest it may take.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">It ended, or was not ready in time; the message holds its last lines.</exception>
    public static Task<BrokerProcess> StartAsync(
        BrokerProgram program, string dataDirectory, int mqttPort, int httpPort, TimeSpan timeout, CancellationToken cancellationToken) => StartAsync(
            program,
            ["serve", "--data", dataDirectory, "--listen", $"mqtt://127.0.0.1:{mqttPort}", "--listen", $"http://127.0.0.1:{httpPort}", "--allow-private-webhooks"],
            [],
            timeout,
            cancellationToken);

    /// <summary>Starts a command that says when it is ready, and waits until it is.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">The command with its options.</param>
    /// <param name="variables">Environment variables of its own.</param>
    /// <param name="timeout">The longest it may take.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">It ended, or was not ready in time; the message holds its last lines.</exception>
    public static async Task<BrokerProcess> StartAsync(
        BrokerProgram program, IReadOnlyList<string> arguments, IReadOnlyList<KeyValuePair<string, string>> variables, TimeSpan timeout, CancellationToken cancellationToken)
    {
        BrokerProcess broker = Start(program, arguments, variables);
        try
        {
            await broker._ready.Task.WaitAsync(timeout, cancellationToken);
            return broker;
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            string reason = exception is TimeoutException ? $"it was not ready within {timeout.TotalSeconds:0} s" : "it ended before it was ready";
            await broker.DisposeAsync();
            throw new InvalidOperationException($"'{arguments[0]}' did not start: {reason}.{broker.LastErrors()}");
        }
    }

    /// <summary>Starts a command, and waits for nothing.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">The command with its options.</param>
    /// <param name="variables">Environment variables of its own.</param>
    public static BrokerProcess Start(BrokerProgram program, IReadOnlyList<string> arguments, IReadOnlyList<KeyValuePair<string, string>> variables)
    {
        var start = new ProcessStartInfo(program.FileName, [.. program.Arguments, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        var broker = new BrokerProcess(new Process { StartInfo = start, EnableRaisingEvents = true });
        broker._process.OutputDataReceived += (_, line) => broker.ReadLine(line.Data);
        broker._process.ErrorDataReceived += (_, line) => broker.KeepError(line.Data);
        broker._process.Exited += (_, _) => broker._ready.TrySetException(new InvalidOperationException("it ended"));
        broker._process.Start();
        broker._process.BeginOutputReadLine();
        broker._process.BeginErrorReadLine();
        return broker;
    }

    /// <summary>Kills the process with SIGKILL.</summary>
    /// <returns>Whether it was SIGKILL that ended it and nothing of it is left.</returns>
    public async Task<bool> KillAsync()
    {
        int id = _process.Id;
        if (_process.HasExited || Kill(id, SigKill) != 0)
        {
            return false;
        }

        using var limit = new CancellationTokenSource(EndTimeout);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode == KilledExitCode && !Directory.Exists($"/proc/{id}");
    }

    /// <summary>Ends the process in order, by force when it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, SigTerm);
        }

        // Waits for the last lines of its output too.
        using var limit = new CancellationTokenSource(EndTimeout);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void ReadLine(string? line)
    {
        const string Listening = "listening ";
        if (line is null)
        {
            return;
        }

        if (line.StartsWith(Listening, StringComparison.Ordinal) && Uri.TryCreate(line[Listening.Length..].Trim(), UriKind.Absolute, out Uri? address))
        {
            Addresses[address.Scheme] = address;
        }
        else if (line == "ready")
        {
            _ready.TrySetResult();
        }
    }

    private void KeepError(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_errors)
        {
            _errors.Enqueue(line);
            if (_errors.Count > MostErrorLines)
            {
                _errors.Dequeue();
            }
        }
    }

    private string LastErrors()
    {
        lock (_errors)
        {
            return _errors.Count == 0 ? "" : " It said:\n" + string.Join('\n', _errors);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
