using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Holdfast.Server.Bench.Connections;

namespace Holdfast.Server.Bench.Suite;

/// <summary>A broker's process that says nothing when it is ready: its port is tried until it answers.</summary>
internal sealed class ExternalBroker : IAsyncDisposable
{
    private const int MostOutputLines = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly Queue<string> _output = new();

    /// <summary>Starts the process.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public ExternalBroker(string program, IReadOnlyList<string> arguments)
    {
        _process = new Process { StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true } };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Waits until the port answers.</summary>
    /// <param name="port">The port.</param>
    /// <param name="timeout">The longest it may take.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="BenchException">The process ended, or did not listen in time.</exception>
    public async Task WaitForListenerAsync(int port, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(port, cancellationToken))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(begin) > timeout)
            {
                throw new BenchException($"{_process.StartInfo.FileName} {(_process.HasExited ? "ended" : "does not listen")} at its start. It said: {LastOutput()}");
            }

            await Task.Delay(Interval, cancellationToken);
        }
    }

    /// <summary>Ends the process; what it kept is thrown away anyhow.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<bool> AnswersAsync(int port, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            if (line is not null)
            {
                _output.Enqueue(line);
            }

            if (_output.Count > MostOutputLines)
            {
                _output.Dequeue();
            }
        }
    }

    private string LastOutput()
    {
        lock (_output)
        {
            return string.Join(" / ", _output);
        }
    }
}
