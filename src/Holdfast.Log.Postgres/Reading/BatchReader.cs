using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.Postgres.Segments;
using Holdfast.Log.Segments.Reading;
using Npgsql;

namespace Holdfast.Log.Postgres.Reading;

/// <summary>Reads a partition across its segments.</summary>
internal sealed class BatchReader(PooledWork work, SegmentDirectory list, DamagedBatches damage, int maximumReads) : IDisposable
{
    /// <summary>With more keys than this nearly every batch holds one, and all are read.</summary>
    private const int MaximumKeys = 4096;

    private readonly SemaphoreSlim _room = new(maximumReads);

    /// <summary>Reads batches.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="fromOffset">The first offset wanted.</param>
    /// <param name="committed">Where the log ends for this read.</param>
    /// <param name="keys">The keys wanted, or null.</param>
    /// <param name="maximumBytes">Stop after the batch that reaches this.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<LogRead> ReadAsync(
        int partition, long fromOffset, long committed, IReadOnlySet<ulong>? keys, int maximumBytes, CancellationToken cancellationToken)
    {
        ulong[]? wanted = keys is null || keys.Count > MaximumKeys ? null : [.. keys];
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await work.RunAsync(
                connection => ReadAsync(connection, partition, fromOffset, committed, wanted, maximumBytes, cancellationToken), cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
        finally
        {
            _room.Release();
        }
    }

    public void Dispose() => _room.Dispose();

    private async Task<LogRead> ReadAsync(
        NpgsqlConnection connection, int partition, long fromOffset, long committed, ulong[]? keys, int maximumBytes, CancellationToken cancellationToken)
    {
        var progress = new ReadProgress(partition, fromOffset, maximumBytes);
        try
        {
            var segments = list.Current;
            var refreshed = false;
            while (progress.NextOffset < committed && !progress.IsFull)
            {
                var first = Math.Min(segments[0].BaseOffsets[partition], committed);
                if (progress.NextOffset < first)
                {
                    if (!progress.TryAddGap(progress.NextOffset, first, LogGapReason.Trimmed, string.Empty))
                    {
                        break;
                    }

                    continue;
                }

                var place = SegmentDirectory.Find(segments, partition, progress.NextOffset);
                var end = place + 1 < segments.Length ? Math.Min(segments[place + 1].BaseOffsets[partition], committed) : committed;
                var step = new ReadStep(connection, segments[place].Number, partition, end, maximumBytes, damage);
                var before = progress.NextOffset;
                var missingTo = await step.RunAsync(keys, progress, cancellationToken).ConfigureAwait(false);
                if (step.MustEnd)
                {
                    break;
                }

                if (progress.NextOffset > before)
                {
                    refreshed = false;
                }
                else if (!refreshed)
                {
                    // Others begin segments and remove some.
                    segments = await list.RefreshAsync(cancellationToken).ConfigureAwait(false);
                    refreshed = true;
                }
                else if (!TryReportMissing(segments[place].Number, partition, missingTo, progress))
                {
                    break;
                }
            }

            return progress.ToResult();
        }
        catch
        {
            progress.Abandon();
            throw;
        }
    }

    private bool TryReportMissing(long segment, int partition, long to, ReadProgress progress)
    {
        var from = progress.NextOffset;
        return progress.TryAddGap(from, to, LogGapReason.Damaged, damage.Report(segment, partition, from, to, "the records are not in the table"));
    }
}
