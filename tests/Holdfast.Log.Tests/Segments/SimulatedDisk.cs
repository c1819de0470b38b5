using Holdfast.Log.Segments.Files;

namespace Holdfast.Log.Tests.Segments;

/// <summary>
/// A disk in memory that can be full, fail to flush, lose its power and rot. Files that were not flushed and names whose directory was not
/// flushed are lost, in part and in any order, when the power is cut.
/// </summary>
internal sealed class SimulatedDisk : ISegmentFileSystem
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _locked = [];
    private readonly Dictionary<string, SimulatedFile> _names = [];
    private Dictionary<string, SimulatedFile> _durableNames = [];

    /// <summary>The room there is, in bytes.</summary>
    public long Capacity { get; set; } = long.MaxValue / 4;

    /// <summary>The room left is not told, as when another process takes it between the question and the write.</summary>
    public bool ClaimsToBeEmpty { get; set; }

    /// <summary>Whether files can be made long ahead of their use.</summary>
    public bool Preallocates { get; set; } = true;

    /// <summary>Every flush of a file on this thread fails; 0 for none. (An append runs on its caller's thread.)</summary>
    public int FlushFailsOnThread { get; set; }

    /// <summary>Every read of this file fails.</summary>
    public string? UnreadableFile { get; set; }

    /// <summary>Bytes read since the start.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Flushes of files since the start.</summary>
    public int Flushes { get; private set; }

    private long Used => _names.Values.Sum(f => (long)f.Content.Length);

    /// <summary>The content of a file; a copy.</summary>
    public byte[] this[string path]
    {
        get
        {
            lock (_lock)
            {
                return [.. _names[path].Content];
            }
        }
    }

    /// <summary>The files with this ending, in order.</summary>
    public IReadOnlyList<string> Files(string ending)
    {
        lock (_lock)
        {
            return [.. _names.Keys.Where(n => n.EndsWith(ending, StringComparison.Ordinal)).Order()];
        }
    }

    /// <summary>Changes bytes of a file as a failing disk would.</summary>
    public void Corrupt(string path, Action<byte[]> change)
    {
        lock (_lock)
        {
            _names[path].Corrupt(change);
        }
    }

    /// <summary>Gives a file another content.</summary>
    public void Replace(string path, byte[] content)
    {
        lock (_lock)
        {
            var file = new SimulatedFile();
            file.Write(content, 0);
            file.Flush();
            _names[path] = file;
            _durableNames[path] = file;
        }
    }

    /// <summary>The same disk for another process, after this one was killed: what was written is there.</summary>
    public SimulatedDisk AfterKill()
    {
        lock (_lock)
        {
            var disk = new SimulatedDisk { Preallocates = Preallocates };
            var clones = _names.Values.Concat(_durableNames.Values).Distinct().ToDictionary(f => f, f => f.Clone());
            foreach (var (name, file) in _names)
            {
                disk._names[name] = clones[file];
            }

            disk._durableNames = _durableNames.ToDictionary(n => n.Key, n => clones[n.Value]);
            return disk;
        }
    }

    /// <summary>The disk after a power cut.</summary>
    public SimulatedDisk AfterPowerCut(Random random)
    {
        lock (_lock)
        {
            var disk = new SimulatedDisk { Preallocates = Preallocates };
            foreach (var name in _names.Keys.Union(_durableNames.Keys).Order())
            {
                var isSure = _names.GetValueOrDefault(name) == _durableNames.GetValueOrDefault(name);
                var names = isSure || random.Next(2) == 0 ? _durableNames : _names;
                if (names.TryGetValue(name, out var file))
                {
                    disk._names[name] = disk._durableNames[name] = file.AfterPowerCut(random);
                }
            }

            return disk;
        }
    }

    public IDisposable? TryLock(string path)
    {
        lock (_lock)
        {
            return _locked.Add(path) ? new Unlocking(this, path) : null;
        }
    }

    public string? ReadLockHolder(string path) => null;

    public void CreateDirectory(string path)
    {
    }

    public IReadOnlyList<string> List(string directory)
    {
        lock (_lock)
        {
            return [.. _names.Keys.Select(n => Path.GetFileName(n))];
        }
    }

    public ISegmentFile Create(string path)
    {
        lock (_lock)
        {
            return new Opened(this, path, _names[path] = new SimulatedFile());
        }
    }

    public ISegmentFile OpenRead(string path) => OpenWrite(path);

    public ISegmentFile OpenWrite(string path)
    {
        lock (_lock)
        {
            return new Opened(this, path, _names.GetValueOrDefault(path) ?? throw new FileNotFoundException("There is no such file.", path));
        }
    }

    public void Delete(string path)
    {
        lock (_lock)
        {
            _names.Remove(path);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            _names[to] = _names[from];
            _names.Remove(from);
        }
    }

    public void FlushDirectory(string directory)
    {
        lock (_lock)
        {
            _durableNames = new Dictionary<string, SimulatedFile>(_names);
        }
    }

    public long FreeBytes(string directory)
    {
        lock (_lock)
        {
            return ClaimsToBeEmpty ? long.MaxValue / 4 : Capacity - Used;
        }
    }

    private sealed class Unlocking(SimulatedDisk disk, string path) : IDisposable
    {
        public void Dispose()
        {
            lock (disk._lock)
            {
                disk._locked.Remove(path);
            }
        }
    }

    private sealed class Opened(SimulatedDisk disk, string path, SimulatedFile file) : ISegmentFile
    {
        public long Length
        {
            get
            {
                lock (disk._lock)
                {
                    return file.Content.Length;
                }
            }
        }

        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long position)
        {
            lock (disk._lock)
            {
                // One write: a sector that several buffers share is kept or lost as one.
                var bytes = buffers.SelectMany(b => b.ToArray()).ToArray();
                var growth = Math.Max(0, position + bytes.Length - file.Content.Length);
                var missing = Math.Max(0, growth - (disk.Capacity - disk.Used));
                var fits = (int)Math.Max(0, bytes.Length - missing);
                file.Write(bytes.AsSpan(0, fits), position);
                if (fits < bytes.Length)
                {
                    throw DiskErrors.Full("No space left on the simulated disk.");
                }
            }
        }

        public int Read(Span<byte> destination, long position)
        {
            lock (disk._lock)
            {
                if (path == disk.UnreadableFile)
                {
                    throw new IOException("Input/output error", 5);
                }

                var count = (int)Math.Clamp(file.Content.Length - position, 0, destination.Length);
                file.Content.AsSpan((int)Math.Min(position, file.Content.Length), count).CopyTo(destination);
                disk.BytesRead += count;
                return count;
            }
        }

        public void Flush()
        {
            lock (disk._lock)
            {
                if (disk.FlushFailsOnThread == Environment.CurrentManagedThreadId)
                {
                    throw new IOException("Input/output error", 5);
                }

                disk.Flushes++;
                file.Flush();
            }
        }

        public void SetLength(long length)
        {
            lock (disk._lock)
            {
                file.SetLength((int)length);
            }
        }

        public bool TryPreallocate(long length)
        {
            lock (disk._lock)
            {
                if (!disk.Preallocates || length - file.Content.Length > disk.Capacity - disk.Used)
                {
                    return false;
                }

                file.SetLength((int)length);
                return true;
            }
        }

        public void Dispose()
        {
        }
    }
}
