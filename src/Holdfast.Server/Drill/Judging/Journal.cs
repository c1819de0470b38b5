using System.Diagnostics;

namespace Holdfast.Server.Drill.Judging;

/// <summary>The journals of a run: one file of JSON lines for each client.</summary>
internal sealed class Journal : IDisposable
{
    private static readonly long Start = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    private static readonly long StartTimestamp = Stopwatch.GetTimestamp();

    private readonly Lock _lock = new();
    private readonly Dictionary<string, StreamWriter> _files = [];
    private readonly string _directory;

    public Journal(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
    }

    /// <summary>Microseconds since 1970 on a clock that never goes back: the system's at the start of this process, counted on from there.</summary>
    public static long Now => Start + (long)Stopwatch.GetElapsedTime(StartTimestamp).TotalMicroseconds;

    public void Write(JournalEntry entry)
    {
        lock (_lock)
        {
            if (!_files.TryGetValue(entry.Client, out var file))
            {
                file = new StreamWriter(Path.Combine(_directory, entry.Client + ".jsonl"));
                _files.Add(entry.Client, file);
            }

            file.WriteLine(entry.ToLine());
        }
    }

    public void Write(string client, JournalAction action) => Write(new JournalEntry { T = Now, Client = client, Action = action });

    /// <summary>Reads back what stands in the files.</summary>
    public IReadOnlyList<JournalEntry> Read()
    {
        lock (_lock)
        {
            foreach (var file in _files.Values)
            {
                file.Flush();
            }

            return Read(_directory);
        }
    }

    /// <summary>Reads the journals of a directory.</summary>
    public static IReadOnlyList<JournalEntry> Read(string directory) => [.. Directory.EnumerateFiles(directory, "*.jsonl").SelectMany(ReadLines)];

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }

    private static IEnumerable<JournalEntry> ReadLines(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line)
        {
            yield return JournalEntry.FromLine(Path.GetFileNameWithoutExtension(path), line);
        }
    }
}
