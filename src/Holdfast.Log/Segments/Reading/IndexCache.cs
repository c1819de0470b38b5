using Holdfast.Log.Segments.Indexes;

namespace Holdfast.Log.Segments.Reading;

/// <summary>The sections of index files that were read last, within a bound of memory.</summary>
internal sealed class IndexCache(long maximumBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(long Sequence, int Partition), LinkedListNode<Cached>> _sections = [];
    private readonly LinkedList<Cached> _byUse = new();
    private long _bytes;

    public SectionIndex? TryGet(long sequence, int partition)
    {
        lock (_lock)
        {
            if (!_sections.TryGetValue((sequence, partition), out var node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Section;
        }
    }

    public void Add(long sequence, int partition, SectionIndex section)
    {
        lock (_lock)
        {
            if (_sections.ContainsKey((sequence, partition)))
            {
                return;
            }

            _sections.Add((sequence, partition), _byUse.AddFirst(new Cached(sequence, partition, section)));
            _bytes += section.Bytes;
            while (_bytes > maximumBytes && _byUse.Count > 1)
            {
                Remove(_byUse.Last!);
            }
        }
    }

    /// <summary>Forgets a segment.</summary>
    public void Remove(long sequence)
    {
        lock (_lock)
        {
            foreach (var node in _sections.Where(s => s.Key.Sequence == sequence).Select(s => s.Value).ToArray())
            {
                Remove(node);
            }
        }
    }

    private void Remove(LinkedListNode<Cached> node)
    {
        _byUse.Remove(node);
        _sections.Remove((node.Value.Sequence, node.Value.Partition));
        _bytes -= node.Value.Section.Bytes;
    }

    private readonly record struct Cached(long Sequence, int Partition, SectionIndex Section);
}
