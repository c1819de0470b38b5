using Holdfast.Log.Partitions;

namespace Holdfast.Log.TestKit;

/// <summary>Reads a partition the way a consumer does.</summary>
public static class LogReading
{
    /// <summary>Reads to the committed offset and verifies the order, the content and the progress of every read.</summary>
    /// <param name="log">The log, filled by <see cref="TestBatches"/>.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="fromOffset">Where to begin.</param>
    /// <param name="keys">The keys wanted, or null.</param>
    /// <param name="maximumBytes">The size of one read.</param>
    public static async Task<PartitionContent> ReadToEndAsync(
        this IPartitionLog log, int partition, long fromOffset = 0, IReadOnlySet<ulong>? keys = null, int maximumBytes = 4096)
    {
        var content = new PartitionContent();
        var next = fromOffset;
        while (next < log.CommittedOffset(partition))
        {
            var committed = log.CommittedOffset(partition);
            using var read = await log.ReadAsync(partition, next, keys, maximumBytes, CancellationToken.None);
            Assert.True(read.NextOffset > next, $"Partition {partition}: a read at {next} goes on at {read.NextOffset}.");
            if (read.Gap is { } gap)
            {
                Assert.Equal(partition, gap.Partition);
                Assert.InRange(gap.FromOffset, next, gap.ToOffset - 1);
                Assert.InRange(gap.ToOffset, gap.FromOffset + 1, read.NextOffset);
                content.Gaps.Add(gap);
                next = gap.ToOffset;
            }

            foreach (var batch in read.Batches)
            {
                Assert.Equal(partition, batch.Partition);
                Assert.True(batch.NextOffset > next, $"Partition {partition}: the batch at {batch.BaseOffset} was not wanted at {next}.");
                Assert.True(keys is not null || batch.BaseOffset <= next, $"Partition {partition}: offsets {next} to {batch.BaseOffset} are left out.");
                TestBatches.AssertContent(batch);
                content.Batches.Add((batch.BaseOffset, batch.NextOffset));
                foreach (var record in batch)
                {
                    content.Offsets.Add(record.Offset);
                }

                next = batch.NextOffset;
            }

            Assert.InRange(read.NextOffset, next, Math.Max(committed, log.CommittedOffset(partition)));
            next = read.NextOffset;
        }

        return content;
    }
}

/// <summary>What reading a partition gave.</summary>
public sealed class PartitionContent
{
    /// <summary>The batches: base offset and next offset.</summary>
    public List<(long From, long To)> Batches { get; } = [];

    /// <summary>The offsets of all records.</summary>
    public List<long> Offsets { get; } = [];

    /// <summary>What could not be read.</summary>
    public List<LogGap> Gaps { get; } = [];
}
