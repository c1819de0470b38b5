using Holdfast.Log.Partitions;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Tests;

public sealed class MemoryPartitionLogContractTests : PartitionLogContract
{
    protected override Task<IPartitionLog> OpenAsync() => Task.FromResult<IPartitionLog>(new MemoryPartitionLog(4));

    protected override async Task<IPartitionLog> ReopenAsync(IPartitionLog log)
    {
        await log.DisposeAsync();
        ((MemoryPartitionLog)log).Reopen();
        return log;
    }
}

public sealed class MemoryPartitionLogTests
{
    [Fact]
    public async Task A_held_commit_is_readable_only_after_its_release()
    {
        var log = new MemoryPartitionLog();
        log.Gate.Close();
        var append = TestBatches.AppendAsync(log, 1, 0).AsTask();
        await log.Gate.WaitForArrivalAsync();
        Assert.Equal(0, log.CommittedOffset(0));
        Assert.False(append.IsCompleted);

        log.Gate.LetOneGo();
        Assert.Equal(AppendStatus.Appended, await append);
        var second = TestBatches.AppendAsync(log, 1, 0).AsTask();
        await log.Gate.WaitForArrivalAsync();
        log.Gate.Open();
        await second;
        Assert.Equal([0L, 1L], (await log.ReadToEndAsync(0)).Offsets);
    }

    [Fact]
    public async Task A_crash_loses_the_held_commit_and_nothing_else()
    {
        var log = new MemoryPartitionLog();
        await TestBatches.AppendAsync(log, 2, 0);
        log.Gate.Close();
        var append = TestBatches.AppendAsync(log, 1, 0).AsTask();
        await log.Gate.WaitForArrivalAsync();
        log.Crash();
        await Assert.ThrowsAsync<FlushFailedException>(() => append);
        await Assert.ThrowsAsync<FlushFailedException>(async () => await TestBatches.AppendAsync(log, 1, 0));

        log.Reopen();
        await TestBatches.AppendAsync(log, 1, 0);
        Assert.Equal([0L, 1L, 2L], (await log.ReadToEndAsync(0)).Offsets);
    }

    [Fact]
    public async Task Refusals_store_nothing()
    {
        var log = new MemoryPartitionLog { Answer = AppendStatus.Full };
        Assert.Equal(AppendStatus.Full, await TestBatches.AppendAsync(log, 1, 0));
        log.Answer = AppendStatus.Fenced;
        Assert.Equal(AppendStatus.Fenced, await TestBatches.AppendAsync(log, 1, 0));
        Assert.Equal(0, log.CommittedOffset(0));
    }

    [Fact]
    public async Task Damaged_and_trimmed_ranges_are_gaps()
    {
        var log = new MemoryPartitionLog();
        for (var i = 0; i < 10; i++)
        {
            await TestBatches.AppendAsync(log, 1, 0);
        }

        log.Trim(0, 2);
        log.Damage(0, 2, 3);
        log.Damage(0, 5, 7);
        var content = await log.ReadToEndAsync(0);
        Assert.Equal([3L, 4L, 7L, 8L, 9L], content.Offsets);
        Assert.Equal(
            [(0L, 2L, LogGapReason.Trimmed), (2L, 3L, LogGapReason.Damaged), (5L, 7L, LogGapReason.Damaged)],
            content.Gaps.Select(g => (g.FromOffset, g.ToOffset, g.Reason)));
        Assert.Equal(3, log.GetStatistics().DamagedRecords);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_fates()
    {
        Assert.Equal(await FatesAsync(7), await FatesAsync(7));
        Assert.NotEqual(await FatesAsync(7), await FatesAsync(8));

        static async Task<List<AppendStatus>> FatesAsync(int seed)
        {
            var log = new MemoryPartitionLog { Faults = new SeededFaults(seed) { FullRate = 0.5, YieldRate = 0.2 } };
            var fates = new List<AppendStatus>();
            for (var i = 0; i < 50; i++)
            {
                fates.Add(await TestBatches.AppendAsync(log, 1, 0));
            }

            return fates;
        }
    }
}
