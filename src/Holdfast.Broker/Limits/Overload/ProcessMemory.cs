using System.Globalization;

namespace Holdfast.Broker.Limits.Overload;

/// <summary>How much memory this process has for itself. What it has mapped of files is not counted: the operating system can take that back.</summary>
public static class ProcessMemory
{
    private const string File = "/proc/self/statm";

    /// <summary>Three quarters of what the process may use: the machine's memory, or less in a container.</summary>
    public static long DefaultLimit { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3;

    /// <summary>Bytes in use now.</summary>
    public static long InUse()
    {
        if (!System.IO.File.Exists(File))
        {
            return GC.GetTotalMemory(forceFullCollection: false);
        }

        // In pages: all, those in memory, and those of them that are shared with files.
        var fields = System.IO.File.ReadAllText(File).Split(' ');
        return (long.Parse(fields[1], CultureInfo.InvariantCulture) - long.Parse(fields[2], CultureInfo.InvariantCulture)) * Environment.SystemPageSize;
    }
}
