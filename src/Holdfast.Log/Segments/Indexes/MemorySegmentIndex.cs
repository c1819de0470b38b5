namespace Holdfast.Log.Segments.Indexes;

/// <summary>The index of a segment that still grows, or that was scanned.</summary>
internal sealed class MemorySegmentIndex
{
    private readonly MemoryPartitionIndex[] _partitions;

    /// <summary>Creates an empty index.</summary>
    /// <param name="baseOffsets">The next offset of each partition when the segment was begun.</param>
    public MemorySegmentIndex(ReadOnlySpan<long> baseOffsets)
    {
        _partitions = new MemoryPartitionIndex[baseOffsets.Length];
        for (var i = 0; i < _partitions.Length; i++)
        {
            _partitions[i] = new MemoryPartitionIndex(i, baseOffsets[i]);
        }
    }

    public MemoryPartitionIndex this[int partition] => _partitions[partition];

    public int PartitionCount => _partitions.Length;

    /// <summary>The oldest time of receipt, in Unix milliseconds; <see cref="long.MaxValue"/> when there is no record.</summary>
    public long MinimumReceivedAt => _partitions.Min(p => p.MinimumReceivedAt);

    /// <summary>The newest time of receipt, in Unix milliseconds; <see cref="long.MinValue"/> when there is no record.</summary>
    public long MaximumReceivedAt => _partitions.Max(p => p.MaximumReceivedAt);

    /// <summary>The offset after the last batch of each partition.</summary>
    public long[] NextOffsets() => [.. _partitions.Select(p => p.NextOffset)];
}
