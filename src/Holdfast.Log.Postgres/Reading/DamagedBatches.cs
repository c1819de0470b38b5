using Microsoft.Extensions.Logging;

namespace Holdfast.Log.Postgres.Reading;

/// <summary>Counts and logs damage, each place once.</summary>
internal sealed class DamagedBatches(ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly HashSet<(int Partition, long Offset)> _known = [];
    private long _records;

    /// <summary>Records found damaged.</summary>
    public long Records => Interlocked.Read(ref _records);

    /// <summary>Reports damaged records, unless they were reported before.</summary>
    /// <returns>The place, as a gap names it.</returns>
    public string Report(long segment, int partition, long fromOffset, long toOffset, string what)
    {
        var place = $"{Segments.SegmentTables.Name(segment)}, base_offset {fromOffset}";
        lock (_lock)
        {
            if (!_known.Add((partition, fromOffset)))
            {
                return place;
            }
        }

        Interlocked.Add(ref _records, toOffset - fromOffset);
        logger.LogError(
            "Damage in the log: partition {Partition}, offsets {From} to {To}, {Place}: {What}. These records are not served.",
            partition, fromOffset, toOffset - 1, place, what);
        return place;
    }
}
