using Holdfast.Log.Partitions;
using Holdfast.Log.Segments.Reading;
using Npgsql;

namespace Holdfast.Log.Postgres.Reading;

/// <summary>One look into one segment.</summary>
internal sealed class ReadStep(NpgsqlConnection connection, long segment, int partition, long end, int maximumBytes, DamagedBatches damage)
{
    /// <summary>Whether the read must end here: the next one begins with a gap.</summary>
    public bool MustEnd { get; private set; }

    /// <summary>Adds what it finds to the progress.</summary>
    /// <returns>Where something follows after a hole, if there is one at the progress; else the segment's end.</returns>
    public async Task<long> RunAsync(ulong[]? keys, ReadProgress progress, CancellationToken cancellationToken)
    {
        if (keys is null)
        {
            return Take(
                await BatchRows.InOrderAsync(connection, segment, partition, progress.NextOffset, end, maximumBytes, cancellationToken).ConfigureAwait(false),
                progress);
        }

        var entries = await BatchRows.EntriesAsync(connection, segment, partition, progress.NextOffset, end, cancellationToken).ConfigureAwait(false);
        var chosen = Choose(entries, keys, progress.NextOffset, out var reached, out var hole);
        var complete = true;
        if (chosen.Length > 0)
        {
            complete = TakeChosen(await BatchRows.ChosenAsync(connection, segment, partition, chosen, cancellationToken).ConfigureAwait(false), chosen, progress);
        }

        if (complete)
        {
            progress.NextOffset = Math.Max(progress.NextOffset, reached);
        }

        return hole;
    }

    private long[] Choose(List<BatchRow> entries, ulong[] keys, long from, out long reached, out long hole)
    {
        var chosen = new List<long>();
        long bytes = 0;
        reached = from;
        hole = end;
        foreach (var entry in entries)
        {
            if (entry.NextOffset <= reached)
            {
                continue;
            }

            if (entry.BaseOffset > reached)
            {
                hole = entry.BaseOffset;
                break;
            }

            reached = entry.NextOffset;
            if (!KeyFilter.MayHoldAny(entry.KeyFilter, keys))
            {
                continue;
            }

            chosen.Add(entry.BaseOffset);
            bytes += entry.Length;
            if (bytes >= maximumBytes)
            {
                break;
            }
        }

        return [.. chosen];
    }

    private long Take(List<ReadBatch> found, ReadProgress progress)
    {
        for (var i = 0; i < found.Count; i++)
        {
            if (found[i].NextOffset <= progress.NextOffset)
            {
                found[i].Batch?.Release();
            }
            else if (found[i].BaseOffset > progress.NextOffset)
            {
                ReleaseFrom(found, i);
                return found[i].BaseOffset;
            }
            else if (!TryTake(found[i], progress))
            {
                ReleaseFrom(found, i + 1);
                break;
            }
        }

        return end;
    }

    /// <returns>False when not all of them could be taken. What was there a moment ago and is not now went with its segment; the next look finds that out.</returns>
    private bool TakeChosen(List<ReadBatch> found, long[] chosen, ReadProgress progress)
    {
        for (var i = 0; i < found.Count; i++)
        {
            if (found[i].BaseOffset != chosen[i])
            {
                ReleaseFrom(found, i);
                return false;
            }

            if (!TryTake(found[i], progress))
            {
                ReleaseFrom(found, i + 1);
                return false;
            }
        }

        return found.Count == chosen.Length;
    }

    private bool TryTake(ReadBatch read, ReadProgress progress)
    {
        if (read.Batch is not null)
        {
            progress.Add(read.Batch);
            return true;
        }

        var place = damage.Report(segment, partition, read.BaseOffset, read.NextOffset, "the checksum does not match");
        var from = Math.Max(progress.NextOffset, read.BaseOffset);
        MustEnd = !progress.TryAddGap(from, read.NextOffset, LogGapReason.Damaged, place);
        return !MustEnd;
    }

    private static void ReleaseFrom(List<ReadBatch> found, int index)
    {
        foreach (var read in found.Skip(index))
        {
            read.Batch?.Release();
        }
    }
}
