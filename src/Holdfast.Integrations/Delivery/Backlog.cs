using Holdfast.Log.Partitions;

namespace Holdfast.Integrations.Delivery;

/// <summary>What is known of records that an integration has not read.</summary>
internal static class Backlog
{
    /// <summary>About how many bytes of the log some records have: at the average size of all records that the log holds. Nothing is read for it.</summary>
    /// <param name="log">The log.</param>
    /// <param name="records">How many.</param>
    public static long EstimateBytes(IPartitionLog log, long records)
    {
        if (records == 0)
        {
            return 0;
        }

        long held = 0;
        for (var partition = 0; partition < log.PartitionCount; partition++)
        {
            held += log.CommittedOffset(partition) - log.FirstOffset(partition);
        }

        return held == 0 ? 0 : (long)((double)log.GetStatistics().Bytes / held * records);
    }

    /// <summary>When the oldest record from a cursor on was received, in Unix milliseconds; 0 when there is none.</summary>
    /// <param name="environment">The log and how far it may be read.</param>
    /// <param name="scope">The partitions that matter.</param>
    /// <param name="cursor">Where to look.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async ValueTask<long> FindOldestAsync(IntegrationEnvironment environment, DeliveryScope scope, IReadOnlyList<long> cursor, CancellationToken cancellationToken)
    {
        var oldest = long.MaxValue;
        for (var partition = 0; partition < cursor.Count; partition++)
        {
            if (!scope.Includes(partition) || cursor[partition] >= Math.Min(environment.Feed.AnnouncedOffset(partition), scope.End(partition)))
            {
                continue;
            }

            using var read = await environment.Log.ReadAsync(partition, cursor[partition], null, 1, cancellationToken).ConfigureAwait(false);
            foreach (var batch in read.Batches)
            {
                foreach (var record in batch)
                {
                    if (record.Offset >= cursor[partition])
                    {
                        oldest = Math.Min(oldest, record.ReceivedAtMilliseconds);
                        break;
                    }
                }
            }
        }

        return oldest == long.MaxValue ? 0 : oldest;
    }
}
