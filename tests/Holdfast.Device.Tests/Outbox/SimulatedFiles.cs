using Holdfast.Device.Outbox;
using Holdfast.Log.Tests.Segments;

namespace Holdfast.Device.Tests.Outbox;

/// <summary>A directory in memory that loses power, rots and is full.</summary>
internal sealed class SimulatedFiles : IOutboxFiles
{
    private readonly Dictionary<string, SimulatedFile> _names = [];
    private Dictionary<string, SimulatedFile> _durableNames = [];

    /// <summary>Every write fails.</summary>
    public bool IsFull { get; set; }

    /// <summary>Flushes of files.</summary>
    public int Flushes { get; private set; }

    public IReadOnlyList<string> List() => [.. _names.Keys];

    public long Bytes => _names.Values.Sum(f => (long)f.Content.Length);

    public void Corrupt(string name, Action<byte[]> change) => _names[name].Corrupt(change);

    /// <summary>The directory for the next process, after a kill: what was written is there.</summary>
    public SimulatedFiles AfterKill()
    {
        var clones = _names.Values.Concat(_durableNames.Values).Distinct().ToDictionary(f => f, f => f.Clone());
        var files = new SimulatedFiles();
        foreach (var (name, file) in _names)
        {
            files._names[name] = clones[file];
        }

        files._durableNames = _durableNames.ToDictionary(n => n.Key, n => clones[n.Value]);
        return files;
    }

    /// <summary>The directory after a power cut: of what was not flushed, some sectors and names are there.</summary>
    public SimulatedFiles AfterPowerCut(Random random)
    {
        var files = new SimulatedFiles();
        foreach (var name in _names.Keys.Union(_durableNames.Keys).Order())
        {
            var isSure = _names.GetValueOrDefault(name) == _durableNames.GetValueOrDefault(name);
            var names = isSure || random.Next(2) == 0 ? _durableNames : _names;
            if (names.TryGetValue(name, out var file))
            {
                files._names[name] = files._durableNames[name] = file.AfterPowerCut(random);
            }
        }

        return files;
    }

    public IOutboxFile Create(string name) => new Opened(this, _names[name] = new SimulatedFile());

    public IOutboxFile Open(string name) => new Opened(this, _names[name]);

    public void Delete(string name) => _names.Remove(name);

    public void FlushNames() => _durableNames = new(_names);

    private sealed class Opened(SimulatedFiles files, SimulatedFile file) : IOutboxFile
    {
        public long Length => file.Content.Length;

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            // A full disk takes the first half.
            file.Write(files.IsFull ? bytes[..(bytes.Length / 2)] : bytes, position);
            if (files.IsFull)
            {
                throw new IOException("No space left on device.");
            }
        }

        public int Read(Span<byte> destination, long position)
        {
            var count = (int)Math.Clamp(Length - position, 0, destination.Length);
            file.Content.AsSpan((int)Math.Min(position, Length), count).CopyTo(destination);
            return count;
        }

        public void SetLength(long length) => file.SetLength((int)length);

        public void Flush()
        {
            files.Flushes++;
            file.Flush();
        }

        public void Dispose()
        {
        }
    }
}
