using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Holdfast.Testing;

namespace Holdfast.Status.Tests.Support;

/// <summary>A command of the program as its own process.</summary>
public sealed class CommandProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private static readonly string DotnetHost = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet");

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly List<(Func<string, bool> Which, TaskCompletionSource<string> Found)> _awaited = [];

    private CommandProcess(IEnumerable<string> arguments)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(DotnetHost, [Repository.ServerDll, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true },
        };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
    }

    /// <summary>Starts a command that goes on.</summary>
    public static CommandProcess Start(params string[] arguments)
    {
        var process = new CommandProcess(arguments);
        process.Begin("");
        return process;
    }

    /// <summary>Runs a command to its end, which must be a success.</summary>
    /// <returns>What it has written.</returns>
    public static async Task<string> RunAsync(string input, params string[] arguments)
    {
        await using var process = new CommandProcess(arguments);
        process.Begin(input);
        await process._process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.True(process._process.ExitCode == 0, $"{string.Join(' ', arguments)}: {process.Output}");
        return process.Output;
    }

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

    /// <summary>Waits for a line, written already or not.</summary>
    public async Task<string> LineAsync(Func<string, bool> which)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_output)
        {
            if (_output.ToString().Split('\n').FirstOrDefault(which) is { } line)
            {
                return line;
            }

            _awaited.Add((which, found));
        }

        return await found.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private void Begin(string input)
    {
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.StandardInput.Write(input);
        _process.StandardInput.Close();
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
            foreach ((_, TaskCompletionSource<string> found) in _awaited.Where(one => one.Which(line)))
            {
                found.TrySetResult(line);
            }
        }
    }
}
