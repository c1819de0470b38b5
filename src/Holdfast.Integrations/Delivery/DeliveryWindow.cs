using System.Diagnostics.CodeAnalysis;

namespace Holdfast.Integrations.Delivery;

/// <summary>
/// The events of one integration between its cursor and the place it has read up to. Pure: no clock, no I/O, one caller at a time.
/// At most one request with events of a key is out at a time, and the next events follow only when it is confirmed, so keys keep their order.
/// </summary>
internal sealed class DeliveryWindow
{
    private readonly PartitionWindow[] _partitions;
    private readonly Dictionary<ulong, OutstandingEvent> _lastOfKey = [];
    private readonly Queue<OutstandingRequest> _ready = new();
    private readonly PriorityQueue<OutstandingRequest, DateTimeOffset> _postponed = new();
    private readonly IntegrationLimits _limits;
    private readonly DeliveryShape _shape;
    private readonly int _maximumEvents;
    private OutstandingRequest _open;
    private bool _postponedHasTurn;

    public DeliveryWindow(int partitionCount, IntegrationLimits limits, DeliveryShape shape)
    {
        _partitions = new PartitionWindow[partitionCount];
        for (var partition = 0; partition < partitionCount; partition++)
        {
            _partitions[partition] = new PartitionWindow();
        }

        _limits = limits;
        _shape = shape;
        _maximumEvents = Math.Max(limits.WindowEvents, 2 * shape.MaximumBatch);
        _open = new OutstandingRequest(1);
    }

    /// <summary>Whether a request could be handed out at any time.</summary>
    public bool HasReady => _ready.Count > 0;

    /// <summary>When the first postponed request may be tried again, or null.</summary>
    public DateTimeOffset? NextPostponed => _postponed.TryPeek(out _, out var due) ? due : null;

    /// <summary>When the first request that cannot be handed out yet can be: postponed, or waiting for more events; null when there is none.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            var open = _open.Events.Count > 0 ? OpenUntil : (DateTimeOffset?)null;
            return NextPostponed is { } postponed && !(open < postponed) ? postponed : open;
        }
    }

    private DateTimeOffset OpenUntil => new DateTimeOffset(_open.Events[0].ReadAtTicks, TimeSpan.Zero) + _shape.MaximumWait;

    /// <summary>
    /// Whether it is worth reading on in a partition: half the window is free. Reading for every freed place would read the same batch
    /// again and again.
    /// </summary>
    public bool WantsMore(int partition)
    {
        var window = _partitions[partition];
        return window.Count <= _maximumEvents / 2
            && window.Bytes <= _limits.WindowBytes / 2
            && (window.Oldest is null || window.LastOffset - window.Oldest.Offset < _limits.SpanRecords)
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
        if (_shape.Order == DeliveryOrder.Global)
        {
            window.FirstUnordered ??= added;
        }
        else
        {
            Enqueue(added);
        }
    }

    /// <summary>
    /// With a global order: puts what was read into the order of receipt, as far as that is certain, which is while no partition that may still hold
    /// an older event is empty.
    /// </summary>
    /// <param name="mayHoldMore">Whether a partition has something announced that was not read yet.</param>
    public void Merge(Func<int, bool> mayHoldMore)
    {
        if (_shape.Order != DeliveryOrder.Global)
        {
            return;
        }

        while (TryFindFirst(mayHoldMore, out var first))
        {
            _partitions[first.Partition].FirstUnordered = first.Newer;
            Enqueue(first);
        }
    }

    /// <summary>Hands out a request to attempt. It comes back with <see cref="Confirm"/>, <see cref="Postpone"/> or <see cref="Split"/>.</summary>
    public bool TryTake(DateTimeOffset now, [NotNullWhen(true)] out OutstandingRequest? taken)
    {
        // They take turns: neither a stream of new events nor a crowd of failing ones may starve the other.
        _postponedHasTurn = !_postponedHasTurn;
        return _postponedHasTurn
            ? TryTakePostponed(now, out taken) || TryTakeReady(now, out taken)
            : TryTakeReady(now, out taken) || TryTakePostponed(now, out taken);
    }

    /// <summary>The request needs no further attempt; what waited for its events may follow.</summary>
    public void Confirm(OutstandingRequest confirmed)
    {
        foreach (var one in confirmed.Events)
        {
            Settle(one);
        }
    }

    /// <summary>One event of a request that was handed out is not to be sent after all.</summary>
    public void Drop(OutstandingRequest request, OutstandingEvent dropped)
    {
        request.Remove(dropped);
        if (request.Events.FirstOrDefault(one => one.NextOfKey == dropped) is not { } before)
        {
            Settle(dropped);
            return;
        }

        // What waits for it must now wait for the one before it.
        _partitions[dropped.Partition].Remove(dropped);
        before.NextOfKey = dropped.NextOfKey;
        if (_lastOfKey.GetValueOrDefault(KeyOf(dropped)) == dropped)
        {
            _lastOfKey[KeyOf(dropped)] = before;
        }
    }

    /// <summary>The attempt failed: the request is handed out again, not before it is due.</summary>
    public void Postpone(OutstandingRequest postponed, DateTimeOffset due) => _postponed.Enqueue(postponed, due);

    /// <summary>The request was refused for good, but perhaps because of one of its events only: each is handed out by itself, in order of its key.</summary>
    public void Split(OutstandingRequest split)
    {
        var waiting = split.Events.Select(one => one.NextOfKey).Where(next => next?.Request == split).ToHashSet();
        foreach (var one in split.Events)
        {
            if (waiting.Contains(one))
            {
                one.Request = null;
                continue;
            }

            var alone = new OutstandingRequest(1);
            alone.Add(one);
            _ready.Enqueue(alone);
        }
    }

    /// <summary>The oldest unconfirmed event of a partition, or null.</summary>
    public OutstandingEvent? Oldest(int partition) => _partitions[partition].Oldest;

    private void Settle(OutstandingEvent confirmed)
    {
        _partitions[confirmed.Partition].Remove(confirmed);
        if (confirmed.NextOfKey is { Request: null } next)
        {
            Release(next);
        }
        else if (confirmed.NextOfKey is null && _shape.Order != DeliveryOrder.None)
        {
            _lastOfKey.Remove(KeyOf(confirmed));
        }

        confirmed.NextOfKey = null;
    }

    private ulong KeyOf(OutstandingEvent one) => _shape.Order == DeliveryOrder.Global ? 0 : one.KeyHash;

    private bool HasRoom(PartitionWindow window, int bytes)
        => window.Count < _maximumEvents && (window.Bytes == 0 || window.Bytes + bytes <= _limits.WindowBytes);

    private void Enqueue(OutstandingEvent added)
    {
        if (_shape.Order == DeliveryOrder.None)
        {
            Take(added);
            return;
        }

        var key = KeyOf(added);
        var last = _lastOfKey.GetValueOrDefault(key);
        _lastOfKey[key] = added;
        if (last is not null)
        {
            last.NextOfKey = added;
        }

        // It may share the request that is still open with its predecessors, but not overtake one that is out or waits.
        if (last is null || (last.Request == _open && FitsOpen(added)))
        {
            Take(added);
        }
    }

    private void Release(OutstandingEvent first)
    {
        Take(first);
        for (var last = first; last.NextOfKey is { } next && last.Request == _open && FitsOpen(next); last = next)
        {
            Take(next);
        }
    }

    /// <summary>Puts an event into the open request.</summary>
    private void Take(OutstandingEvent taken)
    {
        if (!FitsOpen(taken))
        {
            Close();
        }

        _open.Add(taken);
        if (_open.Events.Count >= _shape.MaximumBatch)
        {
            Close();
        }
    }

    private bool FitsOpen(OutstandingEvent added) => _open.Events.Count == 0 || _open.Bytes + added.Body.Bytes.Length <= _limits.BatchBytes;

    private void Close()
    {
        _ready.Enqueue(_open);
        _open = new OutstandingRequest(Math.Min(_shape.MaximumBatch, 16));
    }

    private bool TryFindFirst(Func<int, bool> mayHoldMore, [NotNullWhen(true)] out OutstandingEvent? first)
    {
        first = null;
        for (var partition = 0; partition < _partitions.Length; partition++)
        {
            var candidate = _partitions[partition].FirstUnordered;
            if (candidate is null && mayHoldMore(partition))
            {
                first = null;
                return false;
            }

            if (candidate is not null && (first is null || candidate.ReceivedAtMilliseconds < first.ReceivedAtMilliseconds))
            {
                first = candidate;
            }
        }

        return first is not null;
    }

    private bool TryTakePostponed(DateTimeOffset now, [NotNullWhen(true)] out OutstandingRequest? taken)
        => _postponed.TryPeek(out taken, out var due) && due <= now && _postponed.TryDequeue(out taken, out _);

    private bool TryTakeReady(DateTimeOffset now, [NotNullWhen(true)] out OutstandingRequest? taken)
    {
        if (_ready.Count == 0 && _open.Events.Count > 0 && OpenUntil <= now)
        {
            Close();
        }

        return _ready.TryDequeue(out taken);
    }
}
