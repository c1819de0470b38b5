using System.Diagnostics.CodeAnalysis;

namespace Holdfast.Integrations.Delivery;

/// <summary>
/// The events of one integration between its cursor and the place it has read up to. Pure: no clock, no I/O, one caller at a time.
/// At most one event of a key is out at a time, and the next one follows only when it is confirmed, so keys keep their order.
/// </summary>
internal sealed class DeliveryWindow(int partitionCount, int maximumEvents, int maximumBytes)
{
    private readonly PartitionWindow[] _partitions = CreatePartitions(partitionCount);
    private readonly Dictionary<ulong, OutstandingEvent> _lastOfKey = [];
    private readonly Queue<OutstandingEvent> _ready = new();
    private readonly PriorityQueue<OutstandingEvent, DateTimeOffset> _postponed = new();
    private bool _postponedHasTurn;

    /// <summary>Events that are not confirmed.</summary>
    public int UnconfirmedCount { get; private set; }

    /// <summary>When the first postponed event may be tried again, or null.</summary>
    public DateTimeOffset? NextDue => _postponed.TryPeek(out _, out var due) ? due : null;

    /// <summary>
    /// Whether it is worth reading on in a partition: half the window is free. Reading for every freed place would read the same batch
    /// again and again.
    /// </summary>
    public bool WantsMore(int partition)
    {
        var window = _partitions[partition];
        return window.Events.Count <= maximumEvents / 2
            && window.Bytes <= maximumBytes / 2
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
        window.Events.Enqueue(added);
        window.Bytes += added.Body.Length;
        UnconfirmedCount++;
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
        var window = _partitions[confirmed.Partition];
        window.Bytes -= confirmed.Body.Length;
        confirmed.Body = default;
        confirmed.IsConfirmed = true;
        UnconfirmedCount--;
        if (confirmed.NextOfKey is { } next)
        {
            _ready.Enqueue(next);
            confirmed.NextOfKey = null;
        }
        else
        {
            _lastOfKey.Remove(confirmed.KeyHash);
        }

        while (window.Events.TryPeek(out var oldest) && oldest.IsConfirmed)
        {
            window.Events.Dequeue();
        }
    }

    /// <summary>The attempt failed: the event is handed out again, not before it is due.</summary>
    public void Postpone(OutstandingEvent postponed, DateTimeOffset due) => _postponed.Enqueue(postponed, due);

    /// <summary>The oldest unconfirmed event of a partition, or null.</summary>
    public OutstandingEvent? Oldest(int partition) => _partitions[partition].Events.TryPeek(out var oldest) ? oldest : null;

    private bool HasRoom(PartitionWindow window, int bytes)
        => window.Events.Count < maximumEvents && (window.Bytes == 0 || window.Bytes + bytes <= maximumBytes);

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
        /// <summary>From the oldest unconfirmed event on, in the order of offsets.</summary>
        public Queue<OutstandingEvent> Events { get; } = new();

        /// <summary>Of the unconfirmed ones.</summary>
        public long Bytes { get; set; }

        /// <summary>The size of the last event asked for, when it did not fit.</summary>
        public int RefusedBytes { get; set; }
    }
}
