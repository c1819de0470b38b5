using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Holdfast.Testing;

/// <summary>A server as its own process, on free ports.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private const string Ready = "ready";
    private const string Listening = "listening ";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(120);

    /// <summary>The host that runs the tests; the one on the PATH may have another runtime, or be missing.</summary>
    private static readonly string DotnetHost = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet");

    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;
    private readonly bool _isTraced;

    private ServerProcess(ProcessStartInfo start, bool isTraced)
    {
        _isTraced = isTraced;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => TakeLine(line.Data);
        _process.ErrorDataReceived += (_, line) => TakeLine(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Ended = _process.WaitForExitAsync();
    }

    /// <summary>Ends when the server has ended, for whatever reason, and all its output was read.</summary>
    public Task Ended { get; }

    /// <summary>Where it listens for MQTT, on 127.0.0.1.</summary>
    public int MqttPort { get; private set; }

    /// <summary>Where it listens for HTTP, on 127.0.0.1.</summary>
    public int HttpPort { get; private set; }

    /// <summary>Its number among the processes.</summary>
    public int ProcessId => ServerId;

    /// <summary>Everything it has written, for messages about failures.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>The server itself; the tracer, when there is one, ends with it and in the same way.</summary>
    private int ServerId
    {
        get
        {
            var children = _isTraced ? File.ReadAllText($"/proc/{_process.Id}/task/{_process.Id}/children") : "";
            return children.Length == 0 ? _process.Id : int.Parse(children.Split(' ')[0], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Starts a server and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(ServerArguments arguments)
    {
        var server = new ServerProcess(StartInfo(arguments), arguments.Tracer.Count > 0);
        try
        {
            if (await Task.WhenAny(server._ready.Task, server.Ended).WaitAsync(StartLimit) == server.Ended)
            {
                throw new InvalidOperationException($"The server ended at its start.\n{server.Output}");
            }
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        return server;
    }

    /// <summary>Runs a server that is expected to end by itself.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEndAsync(ServerArguments arguments)
    {
        await using var server = new ServerProcess(StartInfo(arguments), arguments.Tracer.Count > 0);
        return (await server.EndAsync(), server.Output);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        Signals.Send(ServerId, Signals.Kill);
        await Ended.WaitAsync(EndLimit);
    }

    /// <summary>SIGTERM; the server must end in order.</summary>
    public async Task TerminateAsync()
    {
        Signals.Send(ServerId, Signals.Terminate);
        var exitCode = await EndAsync();
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"The server ended with {exitCode} after SIGTERM.\n{Output}");
        }
    }

    /// <summary>SIGSTOP.</summary>
    public void Suspend() => Signals.Send(ServerId, Signals.Stop);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signals.Send(ServerId, Signals.Continue);

    /// <summary>Waits until it has ended, for whatever reason.</summary>
    public async Task<int> EndAsync()
    {
        await Ended.WaitAsync(EndLimit);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(ServerArguments arguments)
    {
        string[] command =
        [
            .. arguments.Tracer, DotnetHost, arguments.Dll ?? Repository.ServerDll, "serve", "--data", arguments.Data,
            "--listen", $"mqtt://127.0.0.1:{arguments.MqttPort}", "--listen", $"http://127.0.0.1:{arguments.HttpPort}", "--allow-private-webhooks", .. arguments.Options,
        ];
        return new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
    }

    private void TakeLine(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (line.StartsWith(Listening, StringComparison.Ordinal))
        {
            var url = new Uri(line[Listening.Length..]);
            (MqttPort, HttpPort) = (url.Scheme == "mqtt" ? url.Port : MqttPort, url.Scheme == "http" ? url.Port : HttpPort);
        }
        else if (line == Ready)
        {
            _ready.TrySetResult();
        }
    }
}
