using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Postgres;

namespace Holdfast.Cluster.Tests;

/// <summary>A node as its own process.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static readonly string DotnetHost = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet");

    private readonly Lock _lock = new();
    private readonly StringBuilder _output = new();
    private readonly List<string> _lines = [];
    private readonly Process _process;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private NodeProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data, isOutput: true);
        _process.ErrorDataReceived += (_, line) => Take(line.Data, isOutput: false);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Ended = _process.WaitForExitAsync();
        _ = Ended.ContinueWith(_ => Signal(), TaskScheduler.Default);
    }

    /// <summary>This life of the node.</summary>
    public NodeId Self { get; private set; } = null!;

    /// <summary>Ends with the process.</summary>
    public Task Ended { get; }

    public int ExitCode => _process.ExitCode;

    public string Output
    {
        get
        {
            lock (_lock)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts a node; it has its identity and joins.</summary>
    public static async Task<NodeProcess> BeginAsync(PostgresOptions database, string name, int port = 0, string? secret = null)
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Holdfast.Cluster.Node.dll"), database.ConnectionString, database.Schema, name,
            port.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ];
        var start = new ProcessStartInfo(DotnetHost, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NODE_SECRET"] = secret;
        var node = new NodeProcess(start);
        node.Self = NodeId.Parse((await node.WaitForAsync(line => line.StartsWith("self ", StringComparison.Ordinal)))[5..]);
        return node;
    }

    /// <summary>Starts a node and waits until it takes part.</summary>
    public static async Task<NodeProcess> StartAsync(PostgresOptions database, string name, int port = 0)
    {
        var node = await BeginAsync(database, name, port);
        await node.JoinedAsync();
        return node;
    }

    /// <summary>Waits until it takes part.</summary>
    public Task JoinedAsync() => WaitForAsync(line => line == "active");

    /// <summary>Waits until it sees exactly these other nodes.</summary>
    public async Task SeesAsync(params NodeProcess[] others)
    {
        var expected = $"others {string.Join(' ', others.Select(other => other.Self).OrderBy(id => id.Name, StringComparer.Ordinal))}";
        await WaitForStateAsync("others ", line => line.TrimEnd() == expected.TrimEnd());
    }

    /// <summary>Waits until it has written a text, to either output.</summary>
    public async Task SaysAsync(string text)
    {
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_output.ToString().Contains(text, StringComparison.Ordinal))
                {
                    return;
                }

                changed = _changed.Task;
            }

            await WaitAsync(changed, begin);
        }
    }

    /// <summary>Sends a command, and waits for a line that begins with one of the answers.</summary>
    public async Task<string> AskAsync(string command, params string[] answers)
    {
        int from;
        lock (_lock)
        {
            from = _lines.Count;
        }

        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
        return await WaitForAsync(line => answers.Any(answer => line.StartsWith(answer, StringComparison.Ordinal)), from);
    }

    public void Send(int signal) => Signals.Send(_process.Id, signal);

    /// <summary>SIGSTOP, and waits until every thread stands still.</summary>
    public void Freeze()
    {
        Send(Signals.Stop);
        while (Directory.GetDirectories($"/proc/{_process.Id}/task").Any(thread => !IsStopped(File.ReadAllText(Path.Combine(thread, "stat")))))
        {
            Thread.Yield();
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        Send(Signals.Kill);
        await Ended.WaitAsync(Patience);
    }

    /// <summary>Lets it leave in order.</summary>
    public async Task StopAsync()
    {
        await AskAsync("stop", "stopped");
        await Ended.WaitAsync(Patience);
        Assert.Equal(0, ExitCode);
    }

    /// <summary>The first line from a place on that fits.</summary>
    public async Task<string> WaitForAsync(Func<string, bool> fits, int from = 0)
    {
        var deadline = Stopwatch.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_lines.Skip(from).FirstOrDefault(fits) is { } line)
                {
                    return line;
                }

                changed = _changed.Task;
            }

            await WaitAsync(changed, deadline);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(Output);
        }

        if (!_process.HasExited)
        {
            Send(Signals.Continue);
            await KillAsync();
        }

        _process.Dispose();
    }

    private static bool IsStopped(string stat) => stat[stat.LastIndexOf(')') + 2] == 'T';

    /// <summary>Waits until the last line of a kind fits.</summary>
    private async Task WaitForStateAsync(string kind, Func<string, bool> fits)
    {
        var deadline = Stopwatch.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (fits(_lines.LastOrDefault(line => line.StartsWith(kind, StringComparison.Ordinal)) ?? kind))
                {
                    return;
                }

                changed = _changed.Task;
            }

            await WaitAsync(changed, deadline);
        }
    }

    private async Task WaitAsync(Task changed, long begin)
    {
        var rest = Patience - Stopwatch.GetElapsedTime(begin);
        Assert.True(rest > TimeSpan.Zero && !_process.HasExited, $"What was waited for did not come from {Self?.Name}:\n{Output}");
        await changed.WaitAsync(rest).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private void Take(string? line, bool isOutput)
    {
        if (line is null)
        {
            return;
        }

        lock (_lock)
        {
            _output.AppendLine(line);
            if (isOutput)
            {
                _lines.Add(line);
            }
        }

        Signal();
    }

    private void Signal()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
