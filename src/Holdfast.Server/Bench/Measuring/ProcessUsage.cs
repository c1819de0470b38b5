using System.Globalization;

namespace Holdfast.Server.Bench.Measuring;

/// <summary>What a process has used and holds, as Linux counts it.</summary>
/// <param name="Cpu">CPU time of all its threads.</param>
/// <param name="ResidentBytes">Memory that is resident now.</param>
/// <param name="Threads">Its threads.</param>
internal readonly record struct ProcessUsage(TimeSpan Cpu, long ResidentBytes, int Threads)
{
    /// <summary>Linux reports CPU time to programs in hundredths of a second, on every architecture (USER_HZ).</summary>
    public const int TicksPerSecond = 100;

    /// <summary>Reads a process's usage; null when it is gone or there is no /proc.</summary>
    /// <param name="processId">The process.</param>
    public static ProcessUsage? Read(int processId)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{processId}/stat"), File.ReadAllText($"/proc/{processId}/status"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Counts a process's open files; null when it is gone or another user's.</summary>
    /// <param name="processId">The process.</param>
    public static int? CountOpenFiles(int processId)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries($"/proc/{processId}/fd").Count();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads the two files' texts.</summary>
    /// <param name="stat">/proc/PID/stat.</param>
    /// <param name="status">/proc/PID/status.</param>
    public static ProcessUsage Parse(string stat, string status)
    {
        // The second field is the program's name in brackets, which may hold spaces and brackets itself; after it comes field 3.
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        long ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        return new ProcessUsage(TimeSpan.FromSeconds((double)ticks / TicksPerSecond), 1024 * NumberIn(status, "VmRSS:"), (int)NumberIn(status, "Threads:"));
    }

    private static long NumberIn(string status, string name)
    {
        string? line = status.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}
