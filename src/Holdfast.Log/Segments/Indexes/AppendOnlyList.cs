namespace Holdfast.Log.Segments.Indexes;

/// <summary>A list that one thread appends to while others read what was there before, without a lock.</summary>
internal sealed class AppendOnlyList<T>
{
    private const int InitialCapacity = 16;
    private T[] _items = new T[InitialCapacity];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public T this[int index] => Volatile.Read(ref _items)[index];

    public void Add(T item)
    {
        var count = _count;
        if (count == _items.Length)
        {
            var larger = new T[count * 2];
            _items.CopyTo(larger, 0);
            Volatile.Write(ref _items, larger);
        }

        _items[count] = item;
        Volatile.Write(ref _count, count + 1);
    }
}
