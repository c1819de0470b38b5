namespace Holdfast.Log.Partitions;

/// <summary>What the log keeps.</summary>
/// <param name="MaximumAge">Older segments go.</param>
/// <param name="MaximumBytes">The oldest segments go while the log is larger; null for no bound.</param>
public sealed record RetentionPolicy(TimeSpan MaximumAge, long? MaximumBytes)
{
    /// <summary>Segments of which every record was received before go too: nobody keeps them. Null for none.</summary>
    public DateTimeOffset? NothingKeptBefore { get; init; }

    /// <summary>Seven days, any size.</summary>
    public static RetentionPolicy Default { get; } = new(TimeSpan.FromDays(7), null);
}

/// <summary>What a run of retention removed.</summary>
/// <param name="Segments">Number of segments.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="FirstOffsets">The oldest offset of each partition afterwards.</param>
public sealed record RetentionResult(int Segments, long Bytes, IReadOnlyList<long> FirstOffsets);

/// <summary>Figures about a log.</summary>
/// <param name="Segments">Number of segments, the open one included.</param>
/// <param name="Bytes">Their size on disk.</param>
/// <param name="FreeBytes">Room left on the volume.</param>
/// <param name="DamagedRecords">Records found damaged since the start, never served.</param>
public sealed record LogStatistics(int Segments, long Bytes, long FreeBytes, long DamagedRecords);
