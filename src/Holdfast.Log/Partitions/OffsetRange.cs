namespace Holdfast.Log.Partitions;

/// <summary>Offsets of one partition that follow each other.</summary>
/// <param name="From">The first offset.</param>
/// <param name="To">The offset after the last one; equal to <paramref name="From"/> when there is none.</param>
public readonly record struct OffsetRange(long From, long To);
