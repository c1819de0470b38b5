using Holdfast.Log.Partitions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Log.Segments;

/// <summary>Where a log of segments lies and how much it may take.</summary>
public sealed record SegmentLogOptions
{
    /// <summary>The smallest <see cref="SegmentBytes"/>.</summary>
    public const int MinimumSegmentBytes = 4 * 1024;

    /// <summary>The largest <see cref="SegmentBytes"/>.</summary>
    public const int MaximumSegmentBytes = 1024 * 1024 * 1024;

    /// <summary>The largest <see cref="PartitionCount"/>.</summary>
    public const int MaximumPartitionCount = 1024;

    /// <summary>The directory; it is made when its parent exists.</summary>
    public required string Directory { get; init; }

    /// <summary>The number of partitions. Fixed when the store is made; opening it with another number is an error.</summary>
    public int PartitionCount { get; init; } = Partitioning.DefaultPartitionCount;

    /// <summary>A segment is sealed before it grows beyond this many bytes; only a single group that is larger makes it longer.</summary>
    public int SegmentBytes { get; init; } = 128 * 1024 * 1024;

    /// <summary>With less room than this on the volume, in bytes, appends are refused as <see cref="AppendStatus.Full"/> (<c>minFree</c>).</summary>
    public long MinimumFreeBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Size of the file that is given up when the disk is full, in bytes, so that retention and state have room; 0 for none.</summary>
    public long ReserveBytes { get; init; } = 16L * 1024 * 1024;

    /// <summary>Memory for the newest batches, in bytes.</summary>
    public long TailCacheBytes { get; init; } = 48L * 1024 * 1024;

    /// <summary>Memory for the indexes of sealed segments, in bytes.</summary>
    public long IndexCacheBytes { get; init; } = 32L * 1024 * 1024;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where recovery, damage and a full disk are reported.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Refuses values that make no sense.</summary>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Directory);
        ArgumentOutOfRangeException.ThrowIfLessThan(PartitionCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PartitionCount, MaximumPartitionCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentBytes, MinimumSegmentBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SegmentBytes, MaximumSegmentBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(MinimumFreeBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(ReserveBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(TailCacheBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(IndexCacheBytes);
    }
}
