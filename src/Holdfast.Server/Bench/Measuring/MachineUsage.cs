using System.Globalization;

namespace Holdfast.Server.Bench.Measuring;

/// <summary>CPU time that all processes of this machine have used together.</summary>
internal static class MachineUsage
{
    /// <summary>Reads it; null where there is no /proc.</summary>
    public static TimeSpan? ReadBusy()
    {
        try
        {
            using var reader = new StreamReader("/proc/stat");
            return ParseBusy(reader.ReadLine() ?? "");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Adds up the first line of /proc/stat, without idling and waiting for disks, and without guests, which are in the others already.</summary>
    /// <param name="line">The line: cpu user nice system idle iowait irq softirq steal guest guest_nice.</param>
    public static TimeSpan? ParseBusy(string line)
    {
        string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields is not ["cpu", ..] || fields.Length < 8)
        {
            return null;
        }

        int[] busy = [1, 2, 3, 6, 7];
        return TimeSpan.FromSeconds((double)busy.Sum(index => long.Parse(fields[index], CultureInfo.InvariantCulture)) / ProcessUsage.TicksPerSecond);
    }
}
