using System.Runtime.InteropServices;

namespace Holdfast.Log.Segments.Indexes;

/// <summary>
/// Which batches of a partition hold which keys, while it grows. The batches of a key form a chain from the newest to the oldest, all chains
/// in one list: no memory per key but a dictionary entry. Not for several threads at a time.
/// </summary>
internal sealed class Postings
{
    private const int EndOfChain = -1;
    private readonly Dictionary<ulong, int> _newest = [];
    private readonly List<Link> _links = [];

    /// <summary>The number of keys.</summary>
    public int KeyCount => _newest.Count;

    /// <summary>The number of pairs of key and batch.</summary>
    public int Count => _links.Count;

    /// <summary>Notes that the newest batch holds a key; a repetition changes nothing.</summary>
    /// <param name="key">The key hash.</param>
    /// <param name="ordinal">The newest batch.</param>
    public void Add(ulong key, int ordinal)
    {
        ref var newest = ref CollectionsMarshal.GetValueRefOrAddDefault(_newest, key, out var exists);
        if (exists && _links[newest].Ordinal == ordinal)
        {
            return;
        }

        _links.Add(new Link(ordinal, exists ? newest : EndOfChain));
        newest = _links.Count - 1;
    }

    /// <summary>Adds the batches of a key, from the newest back to a bound.</summary>
    public void Find(ulong key, int fromOrdinal, List<int> ordinals)
    {
        if (!_newest.TryGetValue(key, out var place))
        {
            return;
        }

        while (place != EndOfChain && _links[place].Ordinal >= fromOrdinal)
        {
            ordinals.Add(_links[place].Ordinal);
            place = _links[place].Previous;
        }
    }

    /// <summary>All keys in ascending order.</summary>
    public ulong[] SortedKeys()
    {
        var keys = new ulong[_newest.Count];
        _newest.Keys.CopyTo(keys, 0);
        Array.Sort(keys);
        return keys;
    }

    private readonly record struct Link(int Ordinal, int Previous);
}
