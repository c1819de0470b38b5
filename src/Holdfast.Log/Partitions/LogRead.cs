using Holdfast.Log.Batches;

namespace Holdfast.Log.Partitions;

/// <summary>What one read found. Dispose it to give the batches back.</summary>
public sealed class LogRead : IDisposable
{
    /// <summary>The batches, in order, each with a reference that <see cref="Dispose"/> releases.</summary>
    public required IReadOnlyList<RecordBatch> Batches { get; init; }

    /// <summary>Where to read next. Equal to the committed offset at the time of the read when the end was reached.</summary>
    public required long NextOffset { get; init; }

    /// <summary>Records that were wanted and can no longer be read, with the reason. They lie before the first batch.</summary>
    public LogGap? Gap { get; init; }

    /// <summary>Releases every batch.</summary>
    public void Dispose()
    {
        foreach (var batch in Batches)
        {
            batch.Release();
        }
    }
}

/// <summary>A range of offsets that cannot be read.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="FromOffset">The first missing offset.</param>
/// <param name="ToOffset">The offset after the last missing one.</param>
/// <param name="Reason">Why.</param>
/// <param name="Place">For damage, the file and the position in it; else empty.</param>
public sealed record LogGap(int Partition, long FromOffset, long ToOffset, LogGapReason Reason, string Place);

/// <summary>Why records are missing.</summary>
public enum LogGapReason
{
    /// <summary>Retention removed them.</summary>
    Trimmed,

    /// <summary>Their checksum does not match: the disk or a person changed them.</summary>
    Damaged,
}
