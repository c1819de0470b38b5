using System.Diagnostics;
using System.Text;
using Holdfast.Testing;

namespace Holdfast.Clients.Drivers;

/// <summary>A program that writes lines.</summary>
internal sealed class LineProcess : IAsyncDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);

    private readonly StringBuilder _errors = new();
    private readonly Process _process;

    public LineProcess(string program, IEnumerable<string> arguments, Action<string> takeLine)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Pass(line.Data, takeLine);
        _process.ErrorDataReceived += (_, line) => Pass(line.Data, AddError);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Stream Input => _process.StandardInput.BaseStream;

    /// <summary>What it has written as errors.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    public Task Ended => _process.WaitForExitAsync();

    /// <summary>Waits until it has ended by itself.</summary>
    /// <param name="limit">How long it may take; 30 seconds when not given.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="TimeoutException">It has not ended.</exception>
    public async Task<int> EndAsync(TimeSpan? limit = null)
    {
        await Ended.WaitAsync(limit ?? EndLimit, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Sends a signal and waits for the end.</summary>
    public async Task EndAsync(int signal)
    {
        if (!_process.HasExited)
        {
            Signals.Send(_process.Id, signal);
        }

        await Ended.WaitAsync(EndLimit);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync(Signals.Kill);
        _process.Dispose();
    }

    private static void Pass(string? line, Action<string> take)
    {
        if (line is not null)
        {
            take(line);
        }
    }

    private void AddError(string line)
    {
        lock (_errors)
        {
            _errors.AppendLine(line);
        }
    }
}
