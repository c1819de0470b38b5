using System.Diagnostics;

namespace Holdfast.Server.Drill.Lab;

/// <summary>A program on a machine of the laboratory: its processes live in a directory of their own, its output goes to a file beside it.</summary>
internal sealed class LabProcess : IDisposable
{
    private const int LinesOfLog = 20;
    private static readonly string[] ToLog = ["sh", "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "holdfast-lab"];

    private readonly Process _process;

    private LabProcess(Process process, string directory, string log)
    {
        _process = process;
        Directory = directory;
        Log = log;
    }

    /// <summary>The working directory of the program and its children.</summary>
    public string Directory { get; }

    /// <summary>Its output.</summary>
    public string Log { get; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether the program has ended; its children may live on.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Starts a program.</summary>
    /// <param name="network">Where the machine is.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="name">What runs there; its directory and its log are called so.</param>
    /// <param name="environment">Variables beside those of this process.</param>
    /// <param name="command">The program and its arguments, as the machine runs them.</param>
    public static LabProcess Start(ILabNetwork network, LabMachine machine, string name, IReadOnlyDictionary<string, string> environment, IReadOnlyList<string> command)
    {
        string directory = Path.Combine(machine.Directory, name);
        string log = directory + ".log";
        string[] all = [.. ToLog, log, .. network.Enter(machine), .. command];
        var start = new ProcessStartInfo(all[0], all[1..]) { WorkingDirectory = directory };
        foreach ((string variable, string value) in environment)
        {
            start.Environment[variable] = value;
        }

        return new LabProcess(Process.Start(start)!, directory, log);
    }

    /// <summary>Waits until the program has ended.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Sends a signal to the program and its children.</summary>
    /// <param name="signal">The signal.</param>
    public void Send(LabSignal signal) => ProcessTable.Send(Directory, signal);

    /// <summary>Kills the program and its children and waits until nothing is left.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        await ProcessTable.KillAsync(Directory, cancellationToken);
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>The last lines of its output.</summary>
    public string LastLines() => File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(LinesOfLog)) : "";

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();
}
