using System.Collections.Concurrent;
using Holdfast.Log.Partitions;

namespace Holdfast.Log.Commit;

/// <summary>Who waits for the records of one open batch. Recycled, because one is filled for every batch.</summary>
internal sealed class PendingCompletions
{
    private const int MaximumRecycled = 64;
    private const int LargestRecycled = 16 * 1024;
    private static readonly ConcurrentBag<PendingCompletions> Recycled = [];

    private Entry[] _entries = new Entry[64];
    private int _count;

    public int Count => _count;

    public static PendingCompletions Rent() => Recycled.TryTake(out var completions) ? completions : new PendingCompletions();

    /// <summary>Adds a waiter.</summary>
    /// <param name="observer">Who.</param>
    /// <param name="token">What it wants to hear back.</param>
    /// <param name="index">The record's place in the batch, or -1 for none.</param>
    public void Add(ICommitObserver observer, ulong token, int index)
    {
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, _count * 2);
        }

        _entries[_count++] = new Entry(observer, token, index);
    }

    public void Complete(int partition, long baseOffset, AppendStatus status)
    {
        foreach (ref readonly var entry in _entries.AsSpan(0, _count))
        {
            var offset = entry.Index < 0 || status != AppendStatus.Appended ? -1 : baseOffset + entry.Index;
            entry.Observer.OnCompleted(entry.Token, partition, offset, status);
        }
    }

    public void Recycle()
    {
        Array.Clear(_entries, 0, _count);
        _count = 0;
        if (_entries.Length <= LargestRecycled && Recycled.Count < MaximumRecycled)
        {
            Recycled.Add(this);
        }
    }

    private readonly record struct Entry(ICommitObserver Observer, ulong Token, int Index);
}
