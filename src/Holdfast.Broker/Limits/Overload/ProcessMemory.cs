using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Holdfast.Broker.Limits.Overload;

/// <summary>How much memory this process has for itself. What it has mapped of files is not counted: the operating system can take that back.</summary>
public static class ProcessMemory
{
    private const string StatusFile = "/proc/self/statm";

    /// <summary>Opened once: a process that may open no further file has to know too.</summary>
    private static readonly SafeFileHandle? Status = File.Exists(StatusFile) ? File.OpenHandle(StatusFile) : null;

    /// <summary>Three quarters of what the process may use: the machine's memory, or less in a container.</summary>
    public static long DefaultLimit { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3;

    /// <summary>Bytes in use now.</summary>
    public static long InUse()
    {
        if (Status is null)
        {
            return GC.GetTotalMemory(forceFullCollection: false);
        }

        // In pages: all, those in memory, and those of them that are shared with files.
        Span<byte> bytes = stackalloc byte[256];
        var fields = Encoding.ASCII.GetString(bytes[..RandomAccess.Read(Status, bytes, 0)]).Split(' ');
        return (long.Parse(fields[1], CultureInfo.InvariantCulture) - long.Parse(fields[2], CultureInfo.InvariantCulture)) * Environment.SystemPageSize;
    }
}
