using System.Diagnostics.CodeAnalysis;

namespace Holdfast.Integrations.Delivery;

/// <summary>
/// The events of one integration between its cursor and the place it has read up to. Pure: no clock, no I/O, one caller at a time.
/// At most one event of a key is out at a time, and the next one follows only when it is confirmed, so keys keep their order.
/// </summary>
internal sealed class DeliveryWindow(int partitionCount, IntegrationLimits limits)
{
    private readonly PartitionWindow[] _partitions = CreatePartitions(partitionCount);
    private readonly Dictionary<ulong, OutstandingEvent> _lastOfKey = [];
    private readonly Queue<OutstandingEvent> _ready = new();
    private readonly PriorityQueue<OutstandingEvent, DateTimeOffset> _postponed = new();
    private bool _postponedHasTurn;

    /// <summary>When the first postponed event may be tried again, or null.</summary>
    public DateTimeOffset? NextDue => _postponed.TryPeek(out _, out var due) ? due : null;

    /// <summary>
    /// Whether it is worth reading on in a partition: half the window is free. Reading for every freed place would read the same batch
    /// again and again.
    /// </summary>
    public bool WantsMore(int partition)
    {
        var window = _partitions[partition];
        return window.Count <= limits.WindowEvents / 2
            && window.Bytes <= limits.WindowBytes / 2
            && (window.Oldest is null || window.LastOffset - window.Oldest.Offset < limits.SpanRecords)
            && HasRoom(window, window.RefusedBytes);
    }

    /// <summary>Whether an event of that size fits. When it does not, nothing more is wanted until it would.</summary>
    public bool Fits(int partition, int bytes)
    {
        var window = _partitions[partition];
        var fits = HasRoom(window, bytes);
        window.RefusedBytes = fits ? 0 : bytes;
        return fits;
    }

    /// <summary>Takes an event in, behind all of its partition that were taken in before.</summary>
    public void Add(OutstandingEvent added)
    {
        var window = _partitions[added.Partition];
        window.Append(added);
        if (_lastOfKey.TryGetValue(added.KeyHash, out var last))
        {
            last.NextOfKey = added;
        }
        else
        {
            _ready.Enqueue(added);
        }

        _lastOfKey[added.KeyHash] = added;
    }

    /// <summary>Hands out an event to attempt. It comes back with <see cref="Confirm"/> or <see cref="Postpone"/>.</summary>
    public bool TryTake(DateTimeOffset now, [NotNullWhen(true)] out OutstandingEvent? taken)
    {
        // They take turns: neither a stream of new events nor a crowd of failing ones may starve the other.
        _postponedHasTurn = !_postponedHasTurn;
        return _postponedHasTurn
            ? TryTakePostponed(now, out taken) || _ready.TryDequeue(out taken)
            : _ready.TryDequeue(out taken) || TryTakePostponed(now, out taken);
    }

    /// <summary>The event needs no further attempt; the next one of its key may follow.</summary>
    public void Confirm(OutstandingEvent confirmed)
    {
        _partitions[confirmed.Partition].Remove(confirmed);
        if (confirmed.NextOfKey is { } next)
        {
            _ready.Enqueue(next);
            confirmed.NextOfKey = null;
        }
        else
        {
            _lastOfKey.Remove(confirmed.KeyHash);
        }
    }

    /// <summary>The attempt failed: the event is handed out again, not before it is due.</summary>
    public void Postpone(OutstandingEvent postponed, DateTimeOffset due) => _postponed.Enqueue(postponed, due);

    /// <summary>The oldest unconfirmed event of a partition, or null.</summary>
    public OutstandingEvent? Oldest(int partition) => _partitions[partition].Oldest;

    private bool HasRoom(PartitionWindow window, int bytes)
        => window.Count < limits.WindowEvents && (window.Bytes == 0 || window.Bytes + bytes <= limits.WindowBytes);

    private bool TryTakePostponed(DateTimeOffset now, [NotNullWhen(true)] out OutstandingEvent? taken)
        => _postponed.TryPeek(out taken, out var due) && due <= now && _postponed.TryDequeue(out taken, out _);

    private static PartitionWindow[] CreatePartitions(int count)
    {
        var partitions = new PartitionWindow[count];
        for (var i = 0; i < count; i++)
        {
            partitions[i] = new PartitionWindow();
        }

        return partitions;
    }

    private sealed class PartitionWindow
    {
        /// <summary>The first of the unconfirmed events, which are linked in the order of their offsets.</summary>
        public OutstandingEvent? Oldest { get; private set; }

        /// <summary>The offset of the last event that was taken in.</summary>
        public long LastOffset { get; private set; }

        public int Count { get; private set; }

        public long Bytes { get; private set; }

        /// <summary>The size of the last event asked for, when it did not fit.</summary>
        public int RefusedBytes { get; set; }

        private OutstandingEvent? Newest { get; set; }

        public void Append(OutstandingEvent added)
        {
            added.Older = Newest;
            if (Newest is null)
            {
                Oldest = added;
            }
            else
            {
                Newest.Newer = added;
            }

            Newest = added;
            LastOffset = added.Offset;
            Count++;
            Bytes += added.Body.Length;
        }

        public void Remove(OutstandingEvent removed)
        {
            if (removed.Older is null)
            {
                Oldest = removed.Newer;
            }
            else
            {
                removed.Older.Newer = removed.Newer;
            }

            if (removed.Newer is null)
            {
                Newest = removed.Older;
            }
            else
            {
                removed.Newer.Older = removed.Older;
            }

            Count--;
            Bytes -= removed.Body.Length;
        }
    }
}
