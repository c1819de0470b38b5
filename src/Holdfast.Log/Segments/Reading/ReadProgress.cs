using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;

namespace Holdfast.Log.Segments.Reading;

/// <summary>What one read has found so far.</summary>
internal sealed class ReadProgress(int partition, long fromOffset, int maximumBytes)
{
    private readonly List<RecordBatch> _batches = [];
    private LogGap? _gap;
    private long _bytes;

    /// <summary>Everything before it was read, left out by key, or reported as a gap.</summary>
    public long NextOffset { get; set; } = fromOffset;

    /// <summary>Whether the read is large enough.</summary>
    public bool IsFull => _batches.Count > 0 && _bytes >= maximumBytes;

    public void Add(RecordBatch batch)
    {
        _batches.Add(batch);
        _bytes += batch.Body.Length;
        NextOffset = batch.NextOffset;
    }

    /// <summary>Adds a gap, which may only lie before the first batch, and grow only without interruption.</summary>
    /// <returns>False when the read must end here; the next one begins with the gap.</returns>
    public bool TryAddGap(long from, long to, LogGapReason reason, string place)
    {
        if (_batches.Count > 0 || (_gap is not null && (_gap.Reason != reason || _gap.ToOffset != from)))
        {
            NextOffset = from;
            return false;
        }

        _gap = _gap is null ? new LogGap(partition, from, to, reason, place) : _gap with { ToOffset = to };
        NextOffset = to;
        return true;
    }

    public LogRead ToResult() => new() { Batches = _batches, NextOffset = NextOffset, Gap = _gap };

    /// <summary>Gives the batches back when the read failed.</summary>
    public void Abandon()
    {
        foreach (var batch in _batches)
        {
            batch.Release();
        }
    }
}
