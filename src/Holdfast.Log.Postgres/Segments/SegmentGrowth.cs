namespace Holdfast.Log.Postgres.Segments;

/// <summary>How much was appended, and whether the segment has grown enough.</summary>
internal sealed class SegmentGrowth(PostgresOptions options)
{
    private long _totalBytes;
    private long _segmentBytes;
    private DateTimeOffset _begunAt;

    /// <summary>Bytes of all bodies ever appended: of everybody up to the start, of this process since.</summary>
    public long TotalBytes => Interlocked.Read(ref _totalBytes);

    /// <summary>The segment that is appended to.</summary>
    public long Segment { get; private set; }

    /// <summary>Whether it is time for the next one.</summary>
    public bool IsFull => _segmentBytes >= options.SegmentBytes || options.TimeProvider.GetUtcNow() - _begunAt >= options.SegmentPeriod;

    public void Begin(long totalBytes, long segment, DateTimeOffset begunAt)
    {
        _totalBytes = totalBytes;
        Move(segment, begunAt);
    }

    /// <summary>Another segment is in use; when it is the same still, one more try may wait until as much was appended again.</summary>
    public void Move(long segment, DateTimeOffset begunAt)
    {
        _begunAt = segment == Segment ? options.TimeProvider.GetUtcNow() : begunAt;
        Segment = segment;
        _segmentBytes = 0;
    }

    public void Add(long bytes, long segment)
    {
        Interlocked.Add(ref _totalBytes, bytes);
        if (segment > Segment)
        {
            Move(segment, options.TimeProvider.GetUtcNow());
        }

        _segmentBytes += bytes;
    }
}
