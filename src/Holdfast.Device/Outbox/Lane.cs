using System.Globalization;

namespace Holdfast.Device.Outbox;

/// <summary>
/// The events of one priority, first in, first out, in segment files. A lane has a random stream and a sequence of its own. Both go on after a
/// restart; when the newest file does not end whole, or could not be written, the numbers go on under a new stream, so that no number ever stands for
/// two events. Not thread-safe.
/// </summary>
internal sealed class Lane : IDisposable
{
    private const string Ending = ".outbox";
    private const int ReadBufferBytes = 4 * 1024;

    private readonly IOutboxFiles _files;
    private readonly List<Segment> _segments = [];
    private readonly LaneWriter _writer;
    private readonly LaneCursor _cursor;
    private readonly LanePeek _peek;
    private byte[] _readBuffer = new byte[ReadBufferBytes];
    private long _nextNumber;

    private Lane(IOutboxFiles files, EventPriority priority, int segmentBytes)
    {
        (_files, Priority) = (files, priority);
        _writer = new LaneWriter(segmentBytes);
        _cursor = new LaneCursor(_segments);
        _peek = new LanePeek(_segments, _cursor);
    }

    public EventPriority Priority { get; }

    /// <summary>Bytes of its files and of what is not yet written.</summary>
    public long Bytes => _segments.Sum(s => s.Length) + _writer.PendingBytes;

    /// <summary>Bytes that wait for a flush.</summary>
    public int PendingBytes => _writer.PendingBytes;

    /// <summary>Events that are neither confirmed nor dropped.</summary>
    public long Waiting => _cursor.Waiting + _writer.PendingEvents;

    /// <summary>Events dropped since the lane was made.</summary>
    public ulong Dropped => _cursor.Dropped;

    /// <summary>Whether the files do not know yet how far the lane is confirmed.</summary>
    public bool HasMoved => _cursor.HasMoved;

    /// <summary>Bytes that were found damaged when the lane was opened.</summary>
    public long DamagedBytes { get; private set; }

    /// <summary>Bytes written to files.</summary>
    public long BytesWritten => _writer.BytesWritten;

    /// <summary>Flushes of the files.</summary>
    public long Flushes => _writer.Flushes;

    /// <summary>The stream of the next event; null before the first event ever.</summary>
    public string? Stream => _segments.Count > 0 ? _segments[^1].Header.Stream : null;

    /// <summary>Opens a lane, or makes an empty one.</summary>
    public static Lane Open(IOutboxFiles files, EventPriority priority, int segmentBytes)
    {
        var lane = new Lane(files, priority, segmentBytes);
        try
        {
            lane.Recover();
            return lane;
        }
        catch
        {
            lane.Dispose();
            throw;
        }
    }

    /// <summary>Takes an event; it lasts from the next <see cref="Flush"/> on.</summary>
    public EventIdentity Append(string topic, string contentType, ReadOnlySpan<byte> payload, long createdAt, string receipt)
    {
        if (_segments.Count == 0 || _writer.NeedsNewStream)
        {
            Roll(SegmentHeader.NewStream());
        }
        else if (_writer.IsFull(_segments[^1]))
        {
            Flush();
            Roll(_segments[^1].Header.Stream);
        }

        return new EventIdentity(_segments[^1].Header.Stream, _writer.Add(topic, contentType, payload, createdAt, receipt));
    }

    /// <summary>Makes everything that was appended, and the position, last.</summary>
    /// <returns>Whether there was something to write.</returns>
    public bool Flush()
    {
        if (_segments.Count == 0 || (_writer.PendingBytes == 0 && !HasMoved))
        {
            return false;
        }

        _writer.Write(_segments[^1], _cursor.Confirmed, _cursor.Dropped);
        _cursor.HasMoved = false;
        return true;
    }

    /// <summary>The next event to send; null when every flushed one was read.</summary>
    public StoredEvent? Read()
    {
        while (_cursor.Next() is { } segment)
        {
            var start = _cursor.Position;
            var position = start;
            var body = segment.ReadBody(ref position, ref _readBuffer);
            if (body.IsEmpty)
            {
                // What was whole when it was written or scanned is not whole now: the rest of this file is lost.
                DamagedBytes += segment.Length - start;
                _writer.NeedsNewStream |= segment == _segments[^1];
                _cursor.GiveUpRest(segment);
                continue;
            }

            if (_cursor.Pass(segment, start, position, body))
            {
                return Frame.ReadEvent(body, segment.Header.Stream, Priority);
            }
        }

        return null;
    }

    /// <summary>The oldest event that waits, whether it was read or not; null when none is flushed and waits.</summary>
    public StoredEvent? Peek() => _peek.Oldest(Priority, ref _readBuffer);

    /// <summary>An event needs no sending any more.</summary>
    public void Confirm(ulong sequence)
    {
        _cursor.Confirm(sequence);
        DeleteConfirmed();
    }

    /// <summary>Events that are stored and wait for their receipts.</summary>
    public StoredMarks Stored => _cursor.Stored;

    /// <summary>The cloud has stored an event that waits for more. One that is not waiting any more is ignored.</summary>
    public void MarkStored(StoredEvent stored)
    {
        if (_cursor.Waits(stored.Identity.Sequence))
        {
            Stored.Add(stored);
        }
    }

    /// <summary>An event that was read is given up.</summary>
    public void Drop(ulong sequence)
    {
        _cursor.Dropped++;
        Confirm(sequence);
    }

    /// <summary>What was read and not confirmed is read again.</summary>
    public void Rewind() => _cursor.Rewind();

    /// <summary>When the oldest waiting event was created, in milliseconds since 1970; null when none is flushed and waits.</summary>
    public long? OldestCreatedAt()
    {
        if (_cursor.OldestInFlight is { } createdAt)
        {
            return createdAt;
        }

        while (_cursor.Next() is { } segment)
        {
            var position = _cursor.Position;
            var body = segment.ReadBody(ref position, ref _readBuffer);
            if (body.IsEmpty || (Frame.IsEvent(body) && Frame.ReadSequence(body) > _cursor.Confirmed))
            {
                return body.IsEmpty ? null : Frame.ReadCreatedAt(body);
            }

            _cursor.Skip(position);
        }

        return null;
    }

    /// <summary>Gives up the events of the oldest file.</summary>
    /// <returns>How many events that were.</returns>
    public ulong DropOldestSegment()
    {
        if (_segments.Count == 1 || _writer.PendingBytes > 0)
        {
            Flush();
        }

        if (_segments.Count == 1)
        {
            Roll(_segments[0].Header.Stream);
        }

        var dropped = _cursor.DropFirst();
        DeleteConfirmed();
        Flush();
        return dropped;
    }

    /// <summary>Gives back the bytes of confirmed events in the newest file.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Reclaim()
    {
        if (_segments.Count != 1 || Waiting > 0 || _segments[0].IsEmpty)
        {
            return false;
        }

        Roll(_segments[0].Header.Stream);
        return true;
    }

    public void Dispose() => _segments.ForEach(s => s.Dispose());

    private void Recover()
    {
        var prefix = $"{Priority.ToString().ToLowerInvariant()}-";
        var isDamaged = false;
        foreach (var name in _files.List().Where(n => n.StartsWith(prefix, StringComparison.Ordinal) && n.EndsWith(Ending, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            _nextNumber = long.Parse(name.AsSpan(prefix.Length, name.Length - prefix.Length - Ending.Length), CultureInfo.InvariantCulture) + 1;
            var segment = Segment.TryOpen(_files, name);
            isDamaged = segment is null || segment.DamagedBytes > 0;
            if (segment is null)
            {
                _files.Delete(name);
                continue;
            }

            DamagedBytes += segment.DamagedBytes;
            _segments.Add(segment);
            _cursor.Restore(segment.Position);
        }

        if (_segments.Count == 0)
        {
            return;
        }

        _writer.LastSequence = Math.Max(_segments[^1].Last, _cursor.Confirmed);
        _segments[^1].File.Flush();
        if (isDamaged)
        {
            var damaged = _segments[^1];
            Roll(SegmentHeader.NewStream());
            damaged.CutDamage();
        }

        _cursor.Rewind();
        DeleteConfirmed();
    }

    private void Roll(string stream)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{Priority.ToString().ToLowerInvariant()}-{_nextNumber:D10}{Ending}");
        var header = new SegmentHeader(stream, _writer.LastSequence + 1, _cursor.Confirmed, _cursor.Dropped);
        _segments.Add(Segment.Create(_files, name, header));
        _nextNumber++;
        _writer.NeedsNewStream = false;
        DeleteConfirmed();
    }

    private void DeleteConfirmed()
    {
        while (_segments.Count > 1 && _segments[0].Last <= _cursor.Confirmed)
        {
            var segment = _segments[0];
            _segments.RemoveAt(0);
            _cursor.Forget(segment);
            segment.Dispose();
            _files.Delete(segment.Name);
        }
    }
}
