using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Segments;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Tests.Segments;

/// <summary>What was acknowledged is there after any number of power cuts and kills; what was not may be there, whole.</summary>
public sealed class PowerCutTests
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    public async Task Acknowledged_batches_survive_lost_and_reordered_sectors(int seed, bool preallocates)
    {
        var random = new Random(seed);
        var disk = new SimulatedDisk { Preallocates = preallocates };
        var acknowledged = new long[4];
        for (var life = 0; life < 40; life++)
        {
            var log = await SimulatedLog.OpenAsync(disk);
            for (var partition = 0; partition < 4; partition++)
            {
                Assert.True(log.CommittedOffset(partition) >= acknowledged[partition], $"Seed {seed}, life {life}: partition {partition} lost records.");
                acknowledged[partition] = log.CommittedOffset(partition);
                var content = await log.ReadToEndAsync(partition);
                Assert.Empty(content.Gaps);
                Assert.Equal(acknowledged[partition], content.Offsets.Count);
            }

            Assert.Equal(0, log.GetStatistics().DamagedRecords);
            disk = await LiveAsync(log, disk, random, acknowledged);
        }

        Assert.InRange(acknowledged.Min(), 80, int.MaxValue);
    }

    private static async Task<SimulatedDisk> LiveAsync(SegmentLog log, SimulatedDisk disk, Random random, long[] acknowledged)
    {
        for (var i = random.Next(12); i > 0; i--)
        {
            Assert.Equal(AppendStatus.Appended, await TestBatches.AppendAsync(log, RandomGroup(log, random)));
            for (var partition = 0; partition < 4; partition++)
            {
                acknowledged[partition] = log.CommittedOffset(partition);
            }
        }

        switch (random.Next(4))
        {
            case 0:
                await log.DisposeAsync();
                return disk.AfterPowerCut(random);
            case 1:
                disk.FlushFailsOnThread = Environment.CurrentManagedThreadId;
                await Assert.ThrowsAsync<FlushFailedException>(async () => await TestBatches.AppendAsync(log, RandomGroup(log, random)));
                return disk.AfterKill();
            default:
                disk.FlushFailsOnThread = Environment.CurrentManagedThreadId;
                await Assert.ThrowsAsync<FlushFailedException>(async () => await TestBatches.AppendAsync(log, RandomGroup(log, random)));
                return disk.AfterPowerCut(random);
        }
    }

    private static RecordBatch[] RandomGroup(SegmentLog log, Random random)
        => [.. Enumerable.Range(0, 4).Where(_ => random.Next(3) > 0).DefaultIfEmpty(0)
            .Select(p => TestBatches.Make(p, log.CommittedOffset(p), random.Next(1, 6), random.Next(1, 900)))];
}
