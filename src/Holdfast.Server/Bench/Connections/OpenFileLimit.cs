using System.Globalization;

namespace Holdfast.Server.Bench.Connections;

/// <summary>How many files a process may open: every connection is one.</summary>
internal static class OpenFileLimit
{
    /// <summary>What a process needs beside its connections: the runtime's or the broker's own files.</summary>
    private const int Spare = 200;

    /// <summary>Fails when this process or the broker cannot hold so many connections.</summary>
    /// <param name="connections">How many.</param>
    /// <param name="brokerProcessId">The broker's process, when it is known.</param>
    /// <exception cref="BenchException">The limit is too low; the message says what to do.</exception>
    public static void Check(int connections, int? brokerProcessId)
    {
        Check(connections, Read(Environment.ProcessId), "this process");
        if (brokerProcessId is { } id)
        {
            Check(connections, Read(id), $"the broker, process {id},");
        }
    }

    /// <summary>Fails when a limit is too low.</summary>
    /// <param name="connections">How many connections.</param>
    /// <param name="limit">The limit; null when it is not known, which passes.</param>
    /// <param name="who">Whose it is.</param>
    /// <exception cref="BenchException">The limit is too low.</exception>
    public static void Check(int connections, long? limit, string who)
    {
        if (limit is { } files && connections > files - Spare)
        {
            throw new BenchException(string.Create(
                CultureInfo.InvariantCulture,
                $"{connections} connections need {connections + Spare} open files, and {who} may open {files}; raise its limit (ulimit -n {connections + Spare}) or ask for at most {Math.Max(0, files - Spare)} connections"));
        }
    }

    /// <summary>The limit in force; null when there is none, or none can be read.</summary>
    /// <param name="limits">/proc/PID/limits.</param>
    public static long? Parse(string limits)
    {
        const string Name = "Max open files";
        string? line = limits.Split('\n').FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
        string? soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null;
    }

    private static long? Read(int processId)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{processId}/limits"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
