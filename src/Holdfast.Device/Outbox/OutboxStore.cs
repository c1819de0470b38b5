using Holdfast.Device.Receipts;

namespace Holdfast.Device.Outbox;

/// <summary>The three lanes of an outbox within one bound. Not thread-safe, and it blocks for the disk.</summary>
internal sealed class OutboxStore : IDisposable
{
    private readonly OutboxOptions _options;
    private readonly TimeProvider _time;
    private readonly Lane[] _lanes;
    private readonly ReceiptLedger _receipts = new();
    private long _refused;
    private long _undelivered;
    private Uri? _storedAt;

    public OutboxStore(IOutboxFiles files, OutboxOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _lanes = [.. Enum.GetValues<EventPriority>().Order().Select(p => Lane.Open(files, p, options.SegmentBytes))];
    }

    /// <summary>Events that wait.</summary>
    public long Waiting => _lanes.Sum(l => l.Waiting);

    /// <summary>Bytes that wait for a flush.</summary>
    public int PendingBytes => _lanes.Sum(l => l.PendingBytes);

    /// <summary>Events given up, by stream.</summary>
    public ulong Dropped => _lanes.Aggregate(0UL, (sum, lane) => sum + lane.Dropped);

    /// <summary>Takes an event; it lasts from the next <see cref="Flush"/> on.</summary>
    /// <exception cref="OutboxFullException">It does not fit, and the policy keeps the others.</exception>
    public EventIdentity Append(EventPriority priority, string topic, string contentType, ReadOnlySpan<byte> payload, string receipt = "")
    {
        var size = Frame.EventSize(topic, contentType, payload.Length, receipt);
        if (size > _options.MaximumFrameBytes)
        {
            throw new ArgumentException($"The event takes {size} bytes; this outbox takes events of up to {_options.MaximumFrameBytes}. Send less at once, or raise MaximumBytes.");
        }

        MakeRoom(priority, size + (2 * Frame.PositionSize) + SegmentHeader.Size);
        return _lanes[(int)priority].Append(topic, contentType, payload, Now(), receipt);
    }

    /// <summary>Makes everything that was appended last.</summary>
    public void Flush()
    {
        foreach (var lane in _lanes)
        {
            if (lane.PendingBytes > 0)
            {
                lane.Flush();
            }
        }
    }

    /// <summary>Makes what was confirmed known to the files, so that a restart does not send it again.</summary>
    public void FlushPositions()
    {
        foreach (var lane in _lanes)
        {
            lane.Flush();
        }
    }

    /// <summary>The next event to send: the oldest of the highest priority. Events that are too old are dropped on the way.</summary>
    public StoredEvent? Read()
    {
        for (var i = _lanes.Length - 1; i >= 0; i--)
        {
            while (_lanes[i].Stored.Count < _options.MaximumAwaitingDelivery && _lanes[i].Read() is { } stored)
            {
                if (_options.MaximumAge is not { } age || stored.CreatedAtMilliseconds >= Now() - age.TotalMilliseconds)
                {
                    return stored;
                }

                _lanes[i].Drop(stored.Identity.Sequence);
            }
        }

        return null;
    }

    /// <summary>The oldest urgent event, if it has waited so long.</summary>
    public StoredEvent? PeekUrgent(TimeSpan age)
        => _lanes[(int)EventPriority.Urgent].Peek() is { } stored && stored.CreatedAtMilliseconds <= Now() - age.TotalMilliseconds ? stored : null;

    /// <summary>The cloud has stored an event: it is forgotten, unless it waits for more.</summary>
    public void Confirm(StoredEvent stored)
    {
        if (stored.Receipt.Length == 0)
        {
            _lanes[(int)stored.Priority].Confirm(stored.Identity.Sequence);
        }
        else
        {
            _lanes[(int)stored.Priority].MarkStored(stored);
        }
    }

    /// <summary>The device is connected to an endpoint: what was stored at another one, and waits for more, is sent again.</summary>
    public void Connected(Uri endpoint)
    {
        if (_storedAt != endpoint)
        {
            Array.ForEach(_lanes, lane => lane.Stored.Clear());
            _storedAt = endpoint;
        }
    }

    /// <summary>Takes in what an integration says.</summary>
    public void TakeReceipts(string integration, ReadOnlySpan<byte> text) => _receipts.Take(integration, text);

    /// <summary>Forgets what has reached its level, or never will, or has waited too long.</summary>
    /// <returns>What never will.</returns>
    public List<UndeliveredEvent> Settle()
    {
        var undelivered = new List<UndeliveredEvent>();
        foreach (var lane in _lanes)
        {
            foreach (var settled in lane.Stored.Settled(_receipts))
            {
                lane.Confirm(settled.Sequence);
                if (settled.Undelivered is { } failed)
                {
                    undelivered.Add(failed);
                }
            }
        }

        _undelivered += undelivered.Count;
        return undelivered;
    }

    /// <summary>Forgets what is stored and has waited for its receipt for longer than events are kept.</summary>
    public void ForgetOld()
    {
        foreach (var lane in _lanes)
        {
            foreach (var sequence in _options.MaximumAge is { } age ? lane.Stored.OlderThan(Now() - age.TotalMilliseconds) : [])
            {
                lane.Confirm(sequence);
                _undelivered++;
            }
        }
    }

    /// <summary>An event can never reach its level and is dropped.</summary>
    public void Drop(StoredEvent stored) => _lanes[(int)stored.Priority].Drop(stored.Identity.Sequence);

    /// <summary>What was read and not confirmed is read again.</summary>
    public void Rewind() => Array.ForEach(_lanes, l => l.Rewind());

    /// <summary>What is in it.</summary>
    public OutboxStatistics GetStatistics()
    {
        var oldest = _lanes.Min(l => l.OldestCreatedAt());
        return new OutboxStatistics(
            Waiting, _lanes.Sum(l => l.Bytes), oldest is { } created ? TimeSpan.FromMilliseconds(Math.Max(0, Now() - created)) : null,
            Dropped, _refused, _lanes.Sum(l => l.DamagedBytes), _lanes.Sum(l => l.BytesWritten), _lanes.Sum(l => l.Flushes))
        {
            AwaitingDelivery = _lanes.Sum(l => l.Stored.Count),
            Undelivered = _undelivered,
        };
    }

    public void Dispose() => Array.ForEach(_lanes, l => l.Dispose());

    private void MakeRoom(EventPriority priority, int size)
    {
        while (_lanes.Sum(l => l.Bytes) + size > _options.MaximumBytes)
        {
            if (_lanes.Any(l => l.Reclaim()))
            {
                continue;
            }

            if (Victim(priority) is not { } lane)
            {
                _refused++;
                throw new OutboxFullException(_options.MaximumBytes);
            }

            lane.DropOldestSegment();
        }
    }

    private Lane? Victim(EventPriority priority)
    {
        if (PendingBytes > 0)
        {
            Flush();
        }

        var filled = _lanes.Where(l => l.Waiting > 0);
        return _options.WhenFull switch
        {
            FullPolicy.DropOldest => filled.MinBy(l => l.OldestCreatedAt()),
            FullPolicy.DropLowestPriority => filled.FirstOrDefault(l => l.Priority <= priority),
            _ => null,
        };
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}
