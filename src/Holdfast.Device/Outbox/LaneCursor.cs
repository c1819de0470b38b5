namespace Holdfast.Device.Outbox;

/// <summary>How far a lane is read and confirmed. Holds as much as is between the two, not what waits. Not thread-safe.</summary>
/// <param name="segments">The lane's segments, oldest first.</param>
internal sealed class LaneCursor(List<Segment> segments)
{
    private readonly Queue<InFlight> _inFlight = new();
    private readonly HashSet<ulong> _confirmedAhead = [];
    private Segment? _segment;
    private ulong _lastRead;

    /// <summary>Everything up to this sequence is confirmed or dropped.</summary>
    public ulong Confirmed { get; private set; }

    /// <summary>Events given up.</summary>
    public ulong Dropped { get; set; }

    /// <summary>Whether the files do not know the position yet.</summary>
    public bool HasMoved { get; set; }

    /// <summary>Where the next frame is read, in the segment of <see cref="Next"/>.</summary>
    public long Position { get; private set; }

    /// <summary>When the oldest event that was read and not confirmed was created.</summary>
    public long? OldestInFlight => _inFlight.TryPeek(out var oldest) ? oldest.CreatedAt : null;

    /// <summary>Takes over a position from a file.</summary>
    public void Restore((ulong Confirmed, ulong Dropped) position)
        => (Confirmed, Dropped) = (Math.Max(Confirmed, position.Confirmed), Math.Max(Dropped, position.Dropped));

    /// <summary>Flushed events that are neither confirmed nor dropped.</summary>
    public long Waiting
    {
        get
        {
            long count = -_confirmedAhead.Count;
            foreach (var segment in segments)
            {
                count += CountIn(segment);
            }

            return count;
        }
    }

    /// <summary>The segment of the next frame; null when every flushed frame was read.</summary>
    public Segment? Next()
    {
        if (_segment is null && segments.Count > 0)
        {
            (_segment, Position) = (segments[0], SegmentHeader.Size);
        }

        while (_segment is not null && Position >= _segment.Length)
        {
            var index = segments.IndexOf(_segment) + 1;
            if (index >= segments.Count)
            {
                return null;
            }

            (_segment, Position) = (segments[index], SegmentHeader.Size);
        }

        return _segment;
    }

    /// <summary>Goes behind a frame.</summary>
    /// <returns>Whether it is an event that waits.</returns>
    public bool Pass(Segment segment, long start, long end, ReadOnlySpan<byte> body)
    {
        Position = end;
        if (!Frame.IsEvent(body))
        {
            return false;
        }

        var sequence = Frame.ReadSequence(body);
        if (sequence <= Confirmed)
        {
            return false;
        }

        _lastRead = sequence;
        _inFlight.Enqueue(new InFlight(segment, start, sequence, Frame.ReadCreatedAt(body)));
        var waits = !_confirmedAhead.Contains(sequence) && !Stored.Contains(sequence);
        Advance();
        return waits;
    }

    /// <summary>Events that are stored and wait for their receipts.</summary>
    public StoredMarks Stored { get; } = new();

    /// <summary>Whether an event is still to be stored by the cloud.</summary>
    public bool Waits(ulong sequence) => sequence > Confirmed && !_confirmedAhead.Contains(sequence) && !Stored.Contains(sequence);

    /// <summary>Confirms an event, read or not. One that is not waiting any more is ignored.</summary>
    public void Confirm(ulong sequence)
    {
        if (sequence <= Confirmed)
        {
            return;
        }

        Stored.Remove(sequence);
        _confirmedAhead.Add(sequence);
        Advance();
    }

    /// <summary>Reads again from the first event that is not confirmed.</summary>
    public void Rewind()
    {
        if (_inFlight.TryPeek(out var oldest))
        {
            (_segment, Position) = (oldest.Segment, oldest.Start);
            _inFlight.Clear();
            _lastRead = Confirmed;
        }
    }

    /// <summary>Goes behind a frame that needs no sending.</summary>
    public void Skip(long end) => Position = end;

    /// <summary>Gives up what waits in the first segment.</summary>
    /// <returns>The number of events.</returns>
    public ulong DropFirst()
    {
        var first = segments[0];
        var ahead = _confirmedAhead.RemoveWhere(s => s <= first.Last);
        var dropped = (ulong)(CountIn(first) - ahead - Stored.CountThrough(first.Last));
        MoveTo(Math.Max(Confirmed, first.Last));
        Stored.RemoveThrough(Confirmed);
        Dropped += dropped;
        while (_inFlight.TryPeek(out var oldest) && oldest.Sequence <= Confirmed)
        {
            _inFlight.Dequeue();
        }

        return dropped;
    }

    /// <summary>What follows in this segment cannot be read.</summary>
    public void GiveUpRest(Segment segment)
    {
        var last = Math.Max(Math.Max(_lastRead, Confirmed), segment.Header.First - 1);
        Dropped += segment.Last > last ? segment.Last - last : 0;
        HasMoved = true;
        segment.LoseAfter(last);
        Position = segment.Length;
    }

    /// <summary>A segment goes.</summary>
    public void Forget(Segment segment)
    {
        if (_segment == segment)
        {
            _segment = null;
        }
    }

    private void Advance()
    {
        while (_inFlight.TryPeek(out var oldest) && _confirmedAhead.Remove(oldest.Sequence))
        {
            MoveTo(oldest.Sequence);
            _inFlight.Dequeue();
        }
    }

    private long CountIn(Segment segment)
    {
        var first = Math.Max(segment.Header.First, Confirmed + 1);
        return segment.Last >= first ? (long)(segment.Last - first + 1) : 0;
    }

    private void MoveTo(ulong sequence) => (Confirmed, HasMoved) = (sequence, true);

    private readonly record struct InFlight(Segment Segment, long Start, ulong Sequence, long CreatedAt);
}
