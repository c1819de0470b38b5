namespace Holdfast.Log.Postgres.Segments;

/// <summary>A segment of the log: a span of time of all partitions, in one table.</summary>
/// <param name="Number">Its number; they follow each other.</param>
/// <param name="BegunAt">When it was begun, by the database's clock.</param>
/// <param name="BaseOffsets">The first offset of each partition that is not in an earlier segment.</param>
/// <param name="BaseBytes">Bytes of all bodies in earlier segments, removed ones included.</param>
/// <param name="FirstReceivedAt">The oldest time of receipt in it, in Unix milliseconds; null while it grows.</param>
/// <param name="LastReceivedAt">The newest time of receipt in it, in Unix milliseconds; null while it grows.</param>
internal sealed record LogSegment(
    long Number, DateTimeOffset BegunAt, long[] BaseOffsets, long BaseBytes, long? FirstReceivedAt, long? LastReceivedAt);
