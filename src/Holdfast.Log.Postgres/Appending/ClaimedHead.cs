namespace Holdfast.Log.Postgres.Appending;

/// <summary>A head as a claim left it.</summary>
/// <param name="Head">The head.</param>
/// <param name="Segment">The segment that the partition is appended to.</param>
/// <param name="FirstReceivedAt">The oldest time of receipt of the partition's records in that segment; the largest number when there is none.</param>
/// <param name="LastReceivedAt">The newest; the smallest number when there is none.</param>
internal sealed record ClaimedHead(PartitionHead Head, long Segment, long FirstReceivedAt, long LastReceivedAt);
