using System.Globalization;

namespace Holdfast.Transport.Accepting;

/// <summary>
/// The files that this process may open, shared among connections: a log that can open no segment is lost, so connections stop before the operating system says no. What the process opens besides connections grows (each
/// assembly that is loaded is a file), so where there are few it is counted again and again as connections come. Thread-safe.
/// </summary>
/// <param name="limit">How many files the process may open.</param>
/// <param name="inUse">Counts those that are open.</param>
public sealed class OpenFiles(int limit, Func<int> inUse)
{
    /// <summary>With so many, what the process opens besides connections is less than what is kept for it, and counting would take long.</summary>
    private const int ManyFiles = 16_384;

    /// <summary>Kept for what the node itself opens: segments, databases, webhooks.</summary>
    private const int ReserveOfNode = 64;

    /// <summary>Kept from MQTT for HTTP: an operator must be able to look at a node that is full.</summary>
    private const int ReserveOfHttp = 16;

    /// <summary>What is left to connections on a machine that allows hardly any files.</summary>
    private const int Fewest = 16;

    private int _connections;
    private int _countedAt;
    private int _most = Math.Max(Fewest, limit - inUse() - Math.Max(ReserveOfNode, limit / 16));

    /// <summary>How many connections there may be, of both kinds.</summary>
    public int Most => Volatile.Read(ref _most);

    /// <summary>How many there are.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What this process may open: the soft limit, which the runtime has raised to the hard one at its start.</summary>
    public static OpenFiles OfThisProcess() => Limit() is { } limit ? new OpenFiles(limit, InUse) : new OpenFiles(int.MaxValue, () => 0);

    /// <summary>Whether one more connection may be accepted.</summary>
    /// <param name="isHttp">Whether it is one of HTTP, which has some for itself.</param>
    public bool HasRoom(bool isHttp)
    {
        var connections = Connections;
        if (limit < ManyFiles && Math.Abs(connections - Volatile.Read(ref _countedAt)) >= Math.Max(Fewest / 2, Most / 64))
        {
            Volatile.Write(ref _countedAt, connections);
            Volatile.Write(ref _most, Math.Max(Fewest, limit - (inUse() - connections) - Math.Max(ReserveOfNode, limit / 16)));
        }

        return connections < (isHttp ? Most : Most - Math.Min(ReserveOfHttp, Most / 2));
    }

    /// <summary>A connection was accepted.</summary>
    public void Add() => Interlocked.Increment(ref _connections);

    /// <summary>A connection has ended.</summary>
    public void Remove() => Interlocked.Decrement(ref _connections);

    private static int? Limit()
    {
        const string Line = "Max open files";
        const string File = "/proc/self/limits";
        var text = System.IO.File.Exists(File) ? System.IO.File.ReadLines(File).FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal)) : null;
        return int.TryParse(text?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }

    private static int InUse()
    {
        try
        {
            return Directory.GetFileSystemEntries("/proc/self/fd").Length;
        }
        catch (IOException)
        {
            // Even that takes a file: there is none.
            return int.MaxValue / 2;
        }
    }
}
