namespace Holdfast.Log.Segments;

/// <summary>The segments of the log, oldest first; the last one is written to. Readers take a snapshot and keep it.</summary>
internal sealed class SegmentList(Segment[] segments)
{
    private readonly Lock _lock = new();
    private Segment[] _current = segments;

    /// <summary>The segments as of now; never empty.</summary>
    public Segment[] Current => Volatile.Read(ref _current);

    public void Append(Segment segment)
    {
        lock (_lock)
        {
            Volatile.Write(ref _current, [.. _current, segment]);
        }
    }

    public void RemoveFirst()
    {
        lock (_lock)
        {
            Volatile.Write(ref _current, _current[1..]);
        }
    }
}
