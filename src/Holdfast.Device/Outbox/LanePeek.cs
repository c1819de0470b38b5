namespace Holdfast.Device.Outbox;

/// <summary>Looks at what waits in a lane without taking it: a second reader beside the cursor. Not thread-safe.</summary>
internal sealed class LanePeek(List<Segment> segments, LaneCursor cursor)
{
    private Segment? _segment;
    private long _position;

    /// <summary>The oldest flushed event that is neither confirmed nor dropped; null when there is none that can be read.</summary>
    public StoredEvent? Oldest(EventPriority priority, ref byte[] buffer)
    {
        if (_segment is null || !segments.Contains(_segment))
        {
            (_segment, _position) = (segments.FirstOrDefault(), SegmentHeader.Size);
        }

        while (_segment is { } segment)
        {
            var next = _position;
            var body = segment.ReadBody(ref next, ref buffer);
            if (body.IsEmpty)
            {
                var index = segments.IndexOf(segment) + 1;
                if (index == segments.Count)
                {
                    return null;
                }

                (_segment, _position) = (segments[index], SegmentHeader.Size);
            }
            else if (Frame.IsEvent(body) && cursor.Waits(Frame.ReadSequence(body)))
            {
                return Frame.ReadEvent(body, segment.Header.Stream, priority);
            }
            else
            {
                _position = next;
            }
        }

        return null;
    }
}
