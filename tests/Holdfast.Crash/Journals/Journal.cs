using System.Diagnostics;

namespace Holdfast.Crash.Journals;

/// <summary>The journals of a run: one file of JSON lines for each client.</summary>
internal sealed class Journal : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, StreamWriter> _files = [];
    private readonly string _directory;

    public Journal(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
    }

    /// <summary>Microseconds on a clock that never goes back.</summary>
    public static long Now => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);

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

            return [.. Directory.EnumerateFiles(_directory, "*.jsonl").SelectMany(ReadLines)];
        }
    }

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
            yield return JournalEntry.FromLine(line);
        }
    }
}
