using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Holdfast.Log.Attempts.Files;

/// <summary>The file that is written now, with its index in memory. The journal's writer alone writes; readers take the lock for a look at the index.</summary>
internal sealed class OpenAttemptFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly Lock _lock = new();
    private readonly List<AttemptSource> _sources = [];
    private readonly Dictionary<AttemptSource, int> _numbers = [];
    private readonly List<AttemptIndexEntry> _entries = [];
    private readonly Dictionary<long, List<int>> _byKey = [];
    private long _lossAt;

    public OpenAttemptFile(string path, long number)
    {
        Number = number;
        _handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        End = Recover();
    }

    /// <summary>The file's number.</summary>
    public long Number { get; }

    /// <summary>Bytes that are written and whole.</summary>
    public long End { get; private set; }

    /// <summary>Chunks in it.</summary>
    public int Count => _entries.Count;

    /// <summary>Appends chunks.</summary>
    /// <exception cref="IOException">Nothing was appended; what the file holds behind its end is overwritten by the next try.</exception>
    public void Append(IReadOnlyList<AttemptChunk> chunks)
    {
        var bytes = new ArrayBufferWriter<byte>(64 * 1024);
        var added = new List<AttemptIndexEntry>(chunks.Count);
        var newSources = new List<AttemptSource>();
        var newNumbers = new Dictionary<AttemptSource, int>();
        foreach (var chunk in chunks)
        {
            if (!_numbers.TryGetValue(chunk.Source, out var source) && !newNumbers.TryGetValue(chunk.Source, out source))
            {
                source = _sources.Count + newSources.Count;
                newSources.Add(chunk.Source);
                newNumbers.Add(chunk.Source, source);
                AttemptFile.Write(bytes, chunk.Source);
            }

            var position = End + bytes.WrittenCount;
            AttemptFile.Write(bytes, chunk, source);
            added.Add(AttemptIndexEntry.Of(chunk, position, (int)(End + bytes.WrittenCount - position), source));
        }

        RandomAccess.Write(_handle, bytes.WrittenSpan, End);
        lock (_lock)
        {
            newSources.ForEach(AddSource);
            for (var i = 0; i < added.Count; i++)
            {
                AddEntry(added[i], chunks[i].LossAtMilliseconds);
            }
        }

        End += bytes.WrittenCount;
    }

    /// <summary>Waits until the disk has it.</summary>
    public void Flush() => RandomAccess.FlushToDisk(_handle);

    /// <summary>Copies the index entries of a bucket, and gives the sources that they name.</summary>
    public IReadOnlyList<AttemptSource> Find(long key, List<AttemptIndexEntry> into)
    {
        lock (_lock)
        {
            if (_byKey.TryGetValue(key, out var places))
            {
                into.AddRange(places.Select(place => _entries[place]));
            }

            return [.. _sources];
        }
    }

    /// <summary>Copies the index entries of losses, and gives the sources that they name.</summary>
    public IReadOnlyList<AttemptSource> FindLosses(List<AttemptIndexEntry> into)
    {
        lock (_lock)
        {
            into.AddRange(_entries.Where(entry => entry.IsLoss));
            return [.. _sources];
        }
    }

    /// <summary>The index of all of it.</summary>
    public AttemptIndex ToIndex() => AttemptIndex.Of(_sources, _entries, _lossAt);

    public void Dispose() => _handle.Dispose();

    private void AddSource(AttemptSource source)
    {
        _numbers.TryAdd(source, _sources.Count);
        _sources.Add(source);
    }

    private void AddEntry(AttemptIndexEntry entry, long lossAt)
    {
        if (!_byKey.TryGetValue(entry.Key, out var places))
        {
            _byKey[entry.Key] = places = [];
        }

        places.Add(_entries.Count);
        _entries.Add(entry);
        _lossAt = Math.Max(_lossAt, lossAt);
    }

    /// <summary>Finds what a process that died has left; what is behind the last whole item was never said to be stored.</summary>
    private long Recover()
    {
        var content = new byte[RandomAccess.GetLength(_handle)];
        for (var read = 0; read < content.Length;)
        {
            read += RandomAccess.Read(_handle, content.AsSpan(read), read);
        }

        var position = 0;
        while (AttemptFile.ContentOf(content.AsMemory(position)) is { Length: > 0 } item)
        {
            var length = AttemptFile.ItemHeaderSize + item.Length;
            if (AttemptFile.SourceOf(item.Span) is { } source)
            {
                AddSource(source);
            }
            else
            {
                var chunk = AttemptFile.ChunkOf(item, _sources);
                AddEntry(AttemptIndexEntry.Of(chunk, position, length, _numbers[chunk.Source]), chunk.LossAtMilliseconds);
            }

            position += length;
        }

        RandomAccess.SetLength(_handle, position);
        return position;
    }
}
