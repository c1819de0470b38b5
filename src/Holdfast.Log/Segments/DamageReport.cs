using Microsoft.Extensions.Logging;

namespace Holdfast.Log.Segments;

/// <summary>Counts and logs damage, each place once.</summary>
internal sealed class DamageReport(ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly HashSet<(long Sequence, long Position, int Partition)> _known = [];
    private long _records;

    /// <summary>Records found damaged.</summary>
    public long Records => Interlocked.Read(ref _records);

    /// <summary>Reports damaged records, unless they were reported before.</summary>
    public void Report(long sequence, long position, int partition, long fromOffset, long toOffset, string what)
    {
        lock (_lock)
        {
            if (!_known.Add((sequence, position, partition)))
            {
                return;
            }
        }

        Interlocked.Add(ref _records, toOffset - fromOffset);
        logger.LogError(
            "Damage in the log: partition {Partition}, offsets {From} to {To}, {Place}: {What}. These records are not served.",
            partition, fromOffset, toOffset - 1, StoreFiles.Place(sequence, position), what);
    }
}
