using Holdfast.Device.Outbox;

namespace Holdfast.Device.Publisher;

/// <summary>
/// A disk that is torn when the process is killed, as by a power cut: of what is not flushed yet, some sectors and some names are on it, and some are not. The process itself sees what it
/// has written, as from a page cache.
/// </summary>
internal sealed class TornFiles : IOutboxFiles, IDisposable
{
    private const string EndingOfSegments = ".outbox";

    private readonly DiskOutboxFiles _disk;
    private readonly Random _random;
    private readonly Dictionary<string, TornFile> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _deleted = new(StringComparer.Ordinal);

    public TornFiles(string directory, int seed)
    {
        (_disk, _random) = (new DiskOutboxFiles(directory), new Random(seed));
        foreach (var name in _disk.List().Where(name => name.EndsWith(EndingOfSegments, StringComparison.Ordinal)))
        {
            _files.Add(name, TornFile.Load(_disk.Open(name), _random));
        }
    }

    public IReadOnlyList<string> List() => [.. _files.Keys];

    public IOutboxFile Create(string name)
    {
        var file = _files[name] = new TornFile(_random);
        if (_random.Next(2) == 0)
        {
            file.Name(_disk.Create(name));
        }

        return file;
    }

    public IOutboxFile Open(string name) => _files[name];

    public void Delete(string name)
    {
        _files.Remove(name);
        if (_random.Next(2) == 0)
        {
            _disk.Delete(name);
        }
        else
        {
            _deleted.Add(name);
        }
    }

    public void FlushNames()
    {
        foreach (var (name, file) in _files)
        {
            if (!file.HasName)
            {
                file.Name(_disk.Create(name));
            }
        }

        foreach (var name in _deleted)
        {
            _disk.Delete(name);
        }

        _deleted.Clear();
        _disk.FlushNames();
    }

    public void Dispose() => _disk.Dispose();
}
