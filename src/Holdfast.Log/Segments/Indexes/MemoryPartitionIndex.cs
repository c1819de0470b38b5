using Holdfast.Log.Records;

namespace Holdfast.Log.Segments.Indexes;

/// <summary>The index of one partition in a segment that still grows, or that was scanned. One thread adds, any number read.</summary>
internal sealed class MemoryPartitionIndex(int partition, long baseOffset) : IPartitionIndex
{
    // With more keys than this a reader finds something in nearly every batch, and looking them all up would hold the writer.
    private const int MaximumKeysLookedUp = 4096;

    private readonly Lock _postingsLock = new();
    private readonly AppendOnlyList<BatchEntry> _entries = new();
    private readonly Postings _postings = new();
    private readonly List<int> _concernEveryKey = [];

    /// <summary>The offset after the last batch. For the adding thread.</summary>
    public long NextOffset { get; private set; } = baseOffset;

    /// <summary>The oldest time of receipt, in Unix milliseconds. Other threads see it of all whose commit they have seen.</summary>
    public long MinimumReceivedAt { get; private set; } = long.MaxValue;

    /// <summary>The newest time of receipt, in Unix milliseconds. Other threads see it of all whose commit they have seen.</summary>
    public long MaximumReceivedAt { get; private set; } = long.MinValue;

    public int Count => _entries.Count;

    public BatchEntry this[int ordinal] => _entries[ordinal];

    /// <summary>Adds a whole batch.</summary>
    /// <param name="entry">Its place.</param>
    /// <param name="body">Its records.</param>
    public void Add(in BatchEntry entry, ReadOnlySpan<byte> body)
    {
        var ordinal = _entries.Count;
        bool keysKnown;
        lock (_postingsLock)
        {
            keysKnown = TryAddKeys(ordinal, entry.BaseOffset, body);
        }

        Append(keysKnown ? entry : entry with { Flags = entry.Flags | BatchEntryFlags.KeysUnknown });
    }

    /// <summary>Adds offsets that cannot be read, up to a bound.</summary>
    /// <param name="toOffset">The offset after the last one.</param>
    /// <param name="position">Where the damage lies in the file.</param>
    public void AddUnreadable(long toOffset, int position)
        => Append(new BatchEntry(NextOffset, position, 0, checked((int)(toOffset - NextOffset)), BatchEntryFlags.Unreadable));

    public void Find(IReadOnlySet<ulong> keys, int fromOrdinal, List<int> ordinals)
    {
        if (keys.Count > MaximumKeysLookedUp)
        {
            ordinals.AddRange(Enumerable.Range(fromOrdinal, Math.Max(0, Count - fromOrdinal)));
            return;
        }

        lock (_postingsLock)
        {
            ordinals.AddRange(_concernEveryKey.Where(o => o >= fromOrdinal));
            foreach (var key in keys)
            {
                _postings.Find(key, fromOrdinal, ordinals);
            }
        }
    }

    /// <summary>Gives the postings to a writer of index files, while nobody adds.</summary>
    /// <param name="use">Receives the postings and the batches that concern every key.</param>
    public void UsePostings(Action<Postings, IReadOnlyList<int>> use)
    {
        lock (_postingsLock)
        {
            use(_postings, _concernEveryKey);
        }
    }

    private bool TryAddKeys(int ordinal, long offset, ReadOnlySpan<byte> body)
    {
        try
        {
            while (!body.IsEmpty)
            {
                var record = RecordView.ReadFirst(partition, offset++, body);
                _postings.Add(record.KeyHash, ordinal);
                MinimumReceivedAt = Math.Min(MinimumReceivedAt, record.ReceivedAtMilliseconds);
                MaximumReceivedAt = Math.Max(MaximumReceivedAt, record.ReceivedAtMilliseconds);
                body = body[record.Bytes.Length..];
            }

            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private void Append(in BatchEntry entry)
    {
        if (entry.ConcernsEveryKey)
        {
            lock (_postingsLock)
            {
                _concernEveryKey.Add(_entries.Count);
            }
        }

        _entries.Add(entry);
        NextOffset = entry.NextOffset;
    }
}
