using Holdfast.Log.Partitions;

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

    /// <summary>See <see cref="IPartitionLog.FindReceived"/>; whole segments at a time.</summary>
    public OffsetRange FindReceived(int partition, long fromMilliseconds, long toMilliseconds)
    {
        var segments = Current;
        var first = 0;
        while (first < segments.Length && segments[first].MaximumReceivedAt < fromMilliseconds)
        {
            first++;
        }

        var end = segments.Length;
        while (end > first && segments[end - 1].MinimumReceivedAt >= toMilliseconds)
        {
            end--;
        }

        return new OffsetRange(OffsetAt(segments, first, partition), OffsetAt(segments, end, partition));
    }

    public void RemoveFirst()
    {
        lock (_lock)
        {
            Volatile.Write(ref _current, _current[1..]);
        }
    }

    private static long OffsetAt(Segment[] segments, int place, int partition)
        => place < segments.Length ? segments[place].BaseOffsets[partition] : long.MaxValue;
}
