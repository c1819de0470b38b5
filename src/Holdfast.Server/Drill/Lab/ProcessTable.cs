using System.Globalization;
using System.Runtime.InteropServices;

namespace Holdfast.Server.Drill.Lab;

/// <summary>
/// Finds processes by their working directory. Children of children are found too, whatever process group or session they have made for themselves.
/// </summary>
internal static partial class ProcessTable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>The processes whose working directory is a directory or below it.</summary>
    /// <param name="directory">An absolute path.</param>
    public static IReadOnlyList<int> Below(string directory)
        => [.. Directory.EnumerateDirectories("/proc").Select(ProcessId).OfType<int>().Where(process => IsBelow(WorkingDirectory(process), directory))];

    /// <summary>Sends a signal to a process; one that is gone is no error.</summary>
    /// <param name="process">Its id.</param>
    /// <param name="signal">The signal.</param>
    public static void Send(int process, LabSignal signal) => _ = Kill(process, (int)signal);

    /// <summary>Sends a signal to every process below a directory.</summary>
    /// <param name="directory">An absolute path.</param>
    /// <param name="signal">The signal.</param>
    public static void Send(string directory, LabSignal signal)
    {
        foreach (int process in Below(directory))
        {
            Send(process, signal);
        }
    }

    /// <summary>Kills every process below a directory, and what they have started meanwhile, until nothing is left.</summary>
    /// <param name="directory">An absolute path.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task KillAsync(string directory, CancellationToken cancellationToken)
    {
        while (Below(directory) is { Count: > 0 } left)
        {
            foreach (int process in left)
            {
                Send(process, LabSignal.Kill);
            }

            await Task.Delay(Interval, cancellationToken);
        }
    }

    private static int? ProcessId(string path)
        => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out int process) ? process : null;

    // A process that has ended, and waits for its parent to ask for its exit code, has no working directory.
    private static string? WorkingDirectory(int process)
    {
        try
        {
            return new FileInfo($"/proc/{process}/cwd").LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsBelow(string? path, string directory)
        => path is not null && path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] is '/' or ' ');

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}

/// <summary>The signals that the laboratory sends, with their numbers on Linux.</summary>
internal enum LabSignal
{
    /// <summary>SIGKILL: dead at once.</summary>
    Kill = 9,

    /// <summary>SIGTERM: ends in order.</summary>
    Terminate = 15,

    /// <summary>SIGCONT: goes on.</summary>
    Continue = 18,

    /// <summary>SIGSTOP: frozen where it is.</summary>
    Stop = 19,
}
