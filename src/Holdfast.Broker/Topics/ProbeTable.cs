using System.Runtime.CompilerServices;

namespace Holdfast.Broker.Topics;

/// <summary>How a <see cref="ProbeTable{TEntry}"/> finds an entry. The table stores no keys: an entry knows its own.</summary>
internal interface IProbeKey<TEntry>
{
    /// <summary>The hash of the key.</summary>
    uint Hash { get; }

    /// <summary>The hash of an entry's key, of the same kind as this one.</summary>
    uint HashOf(TEntry entry);

    /// <summary>Whether this is the entry's key.</summary>
    bool IsKeyOf(TEntry entry);
}

/// <summary>
/// A hash set with open addressing for one writer at a time and any number of readers, who take no lock: a slot is one reference, a
/// removed entry leaves a mark that searches step over, and a table that has grown is published whole.
/// </summary>
internal sealed class ProbeTable<TEntry>
    where TEntry : class
{
    private const int SmallestCapacity = 4;
    private static readonly object Removed = new();

    private object?[] _slots = new object?[SmallestCapacity];
    private int _usedSlots;

    public int Count { get; private set; }

    public TEntry? Find<TKey>(TKey key)
        where TKey : IProbeKey<TEntry>, allows ref struct
    {
        var slots = Volatile.Read(ref _slots);
        var mask = slots.Length - 1;
        for (var index = (int)key.Hash & mask; ; index = (index + 1) & mask)
        {
            var slot = Volatile.Read(ref slots[index]);
            if (slot is null)
            {
                return null;
            }

            if (slot != Removed && key.IsKeyOf(Unsafe.As<TEntry>(slot)))
            {
                return Unsafe.As<TEntry>(slot);
            }
        }
    }

    /// <summary>Adds an entry, or puts it in the place of the one with the same key.</summary>
    /// <returns>The entry that was replaced, or null.</returns>
    public TEntry? Set<TKey>(TKey key, TEntry entry)
        where TKey : IProbeKey<TEntry>, allows ref struct
    {
        if ((_usedSlots + 1) * 4 > _slots.Length * 3)
        {
            Rebuild(key, Count + 1);
        }

        var mask = _slots.Length - 1;
        var free = -1;
        for (var index = (int)key.Hash & mask; ; index = (index + 1) & mask)
        {
            var slot = _slots[index];
            if (slot is not null && slot != Removed && key.IsKeyOf(Unsafe.As<TEntry>(slot)))
            {
                Volatile.Write(ref _slots[index], entry);
                return Unsafe.As<TEntry>(slot);
            }

            if (free < 0 && (slot is null || slot == Removed))
            {
                free = index;
            }

            if (slot is null)
            {
                _usedSlots += free == index ? 1 : 0;
                Volatile.Write(ref _slots[free], entry);
                Count++;
                return null;
            }
        }
    }

    /// <returns>The entry that was removed, or null.</returns>
    public TEntry? Remove<TKey>(TKey key)
        where TKey : IProbeKey<TEntry>, allows ref struct
    {
        var mask = _slots.Length - 1;
        for (var index = (int)key.Hash & mask; _slots[index] is { } slot; index = (index + 1) & mask)
        {
            if (slot == Removed || !key.IsKeyOf(Unsafe.As<TEntry>(slot)))
            {
                continue;
            }

            Volatile.Write(ref _slots[index], Removed);
            Count--;
            if (_slots.Length > SmallestCapacity && Count * 8 < _slots.Length)
            {
                Rebuild(key, Count);
            }

            return Unsafe.As<TEntry>(slot);
        }

        return null;
    }

    /// <summary>The entries, in no order. What is changed meanwhile may be seen or not.</summary>
    public Enumerator GetEnumerator() => new(Volatile.Read(ref _slots));

    private void Rebuild<TKey>(TKey key, int count)
        where TKey : IProbeKey<TEntry>, allows ref struct
    {
        var capacity = SmallestCapacity;
        while (count * 4 > capacity * 3)
        {
            capacity *= 2;
        }

        // One size more when the table is nearly full again, so that adding and removing at the edge does not rebuild each time.
        capacity *= count * 8 > capacity * 5 ? 2 : 1;
        var slots = new object?[capacity];
        foreach (var entry in this)
        {
            var index = (int)key.HashOf(entry) & (capacity - 1);
            while (slots[index] is not null)
            {
                index = (index + 1) & (capacity - 1);
            }

            slots[index] = entry;
        }

        _usedSlots = Count;
        Volatile.Write(ref _slots, slots);
    }

    internal struct Enumerator(object?[] slots)
    {
        private int _next;

        public TEntry Current { get; private set; } = null!;

        public bool MoveNext()
        {
            while (_next < slots.Length)
            {
                var slot = Volatile.Read(ref slots[_next++]);
                if (slot is not null && slot != Removed)
                {
                    Current = Unsafe.As<TEntry>(slot);
                    return true;
                }
            }

            return false;
        }
    }
}
