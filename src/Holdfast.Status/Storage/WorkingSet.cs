namespace Holdfast.Status.Storage;

/// <summary>Something that changed.</summary>
/// <param name="Before">What it was; null when it is new.</param>
/// <param name="After">What it is.</param>
internal sealed record Change<T>(T? Before, T After)
    where T : class;

/// <summary>Numbered things in memory, and what changed about them since they were last stored. Used by one thread at a time.</summary>
/// <param name="numberOf">The number of a thing.</param>
internal sealed class WorkingSet<T>(Func<T, long> numberOf)
    where T : class
{
    private readonly SortedDictionary<long, T> _items = [];
    private readonly SortedDictionary<long, T?> _before = [];

    /// <summary>All, by number.</summary>
    public IReadOnlyCollection<T> All => _items.Values;

    /// <summary>The number of the next one.</summary>
    public long NextNumber => _items.Count == 0 ? 1 : _items.Keys.Last() + 1;

    /// <summary>One by its number, or null.</summary>
    public T? Find(long number) => _items.GetValueOrDefault(number);

    /// <summary>Takes all of them from the store.</summary>
    public void Restore(IEnumerable<T> items)
    {
        _items.Clear();
        _before.Clear();
        foreach (T item in items)
        {
            _items.Add(numberOf(item), item);
        }
    }

    /// <summary>Adds one, or replaces the one of the same number.</summary>
    public T Keep(T item)
    {
        _before.TryAdd(numberOf(item), Find(numberOf(item)));
        return _items[numberOf(item)] = item;
    }

    /// <summary>What changed since this was last asked.</summary>
    public IReadOnlyList<Change<T>> TakeChanges()
    {
        Change<T>[] changes = [.. _before.Select(change => new Change<T>(change.Value, _items[change.Key]))];
        _before.Clear();
        return changes;
    }

    /// <summary>Undoes what changed since <see cref="TakeChanges"/>.</summary>
    public void Revert()
    {
        foreach ((long number, T? before) in _before)
        {
            if (before is null)
            {
                _items.Remove(number);
            }
            else
            {
                _items[number] = before;
            }
        }

        _before.Clear();
    }
}
