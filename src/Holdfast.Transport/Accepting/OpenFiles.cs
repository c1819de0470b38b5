using System.Globalization;

namespace Holdfast.Transport.Accepting;

/// <summary>
/// The files that this process may open, shared among connections: a log that can open no segment is lost, so connections stop before the operating system says no. Thread-safe.
/// </summary>
public sealed class OpenFiles
{
    /// <summary>Kept for what the node itself opens: segments, databases, webhooks.</summary>
    private const int ReserveOfNode = 64;

    /// <summary>Kept from MQTT for HTTP: an operator must be able to look at a node that is full.</summary>
    private const int ReserveOfHttp = 16;

    /// <summary>What is left to connections on a machine that allows hardly any files.</summary>
    private const int Fewest = 16;

    private int _connections;

    /// <param name="most">How many connections there may be.</param>
    public OpenFiles(int most) => Most = most;

    /// <summary>How many connections there may be, of both kinds.</summary>
    public int Most { get; }

    /// <summary>How many there are.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What this process may open now, once it has opened what it needs itself.</summary>
    public static OpenFiles OfThisProcess() => new(Limit() is { } limit ? Math.Max(Fewest, limit - InUse() - ReserveOfNode) : int.MaxValue);

    /// <summary>Whether one more connection may be accepted.</summary>
    /// <param name="isHttp">Whether it is one of HTTP, which has some for itself.</param>
    public bool HasRoom(bool isHttp) => Connections < (isHttp ? Most : Most - Math.Min(ReserveOfHttp, Most / 2));

    /// <summary>A connection was accepted.</summary>
    public void Add() => Interlocked.Increment(ref _connections);

    /// <summary>A connection has ended.</summary>
    public void Remove() => Interlocked.Decrement(ref _connections);

    /// <summary>The soft limit, which the runtime has raised to the hard one at its start; null where there is none to be found.</summary>
    private static int? Limit()
    {
        const string Line = "Max open files";
        const string File = "/proc/self/limits";
        var text = System.IO.File.Exists(File) ? System.IO.File.ReadLines(File).FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal)) : null;
        return int.TryParse(text?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }

    private static int InUse() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}
