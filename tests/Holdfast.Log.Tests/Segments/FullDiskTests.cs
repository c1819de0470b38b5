using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Segments;
using Holdfast.Log.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Log.Tests.Segments;

public sealed class FullDiskTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_disk_that_fills_up_in_the_middle_of_a_write_leaves_nothing_behind(bool preallocates)
    {
        // A group that is larger than a segment goes beyond what was preallocated.
        var options = SimulatedLog.Options with { SegmentBytes = preallocates ? 4096 : 1024 * 1024 };
        var refused = 0;
        for (var room = 0; ; room += 97)
        {
            var disk = new SimulatedDisk { Preallocates = preallocates };
            var log = await SimulatedLog.OpenAsync(disk, options);
            await TestBatches.AppendAsync(log, 2, 0, 1);
            await log.ApplyRetentionAsync(RetentionPolicy.Default, new long[4], CancellationToken.None);
            disk.Capacity -= disk.FreeBytes(SimulatedLog.Directory) - room;
            disk.ClaimsToBeEmpty = true;
            if (await TestBatches.AppendAsync(log, Group(log, 3000)) == AppendStatus.Appended)
            {
                break;
            }

            refused++;
            disk.ClaimsToBeEmpty = false;
            await AssertNothingWasStoredAsync(log, disk, room);
        }

        // How many depends on what the background had taken of the room by then; that none was stored was judged for each.
        Assert.InRange(refused, 1, 100);
    }

    [Fact]
    public async Task Below_the_minimum_appends_are_refused_reads_go_on_and_retention_makes_room()
    {
        var disk = new SimulatedDisk { Capacity = 200_000 };
        var options = SimulatedLog.Options with { MinimumFreeBytes = 50_000, ReserveBytes = 8192, TimeProvider = new FakeTimeProvider() };
        await using var log = await SimulatedLog.OpenAsync(disk, options);
        var appended = 0;
        while (await TestBatches.AppendAsync(log, Group(log, 700)) == AppendStatus.Appended)
        {
            Assert.InRange(++appended, 0, 1000);
        }

        Assert.InRange(disk.FreeBytes(SimulatedLog.Directory), 50_000 - 2000, 50_000 + 20_000);
        Assert.Equal(appended, (await log.ReadToEndAsync(0)).Offsets.Count);
        var applied = new[] { log.CommittedOffset(0), log.CommittedOffset(1), 0, 0 };
        await log.ApplyRetentionAsync(new RetentionPolicy(TimeSpan.FromDays(100000), 40_000), applied, CancellationToken.None);
        Assert.Equal(AppendStatus.Appended, await TestBatches.AppendAsync(log, Group(log, 700)));
    }

    [Fact]
    public async Task The_reserve_is_given_up_when_the_disk_is_full_and_made_again()
    {
        var time = new FakeTimeProvider();
        var disk = new SimulatedDisk { Capacity = 200_000 };
        var options = SimulatedLog.Options with { MinimumFreeBytes = 30_000, ReserveBytes = 8192, TimeProvider = time };
        await using var log = await SimulatedLog.OpenAsync(disk, options);
        Assert.Single(disk.Files("reserve"));
        await TestBatches.AppendAsync(log, 1, 0);

        disk.Capacity -= disk.FreeBytes(SimulatedLog.Directory) - 100;
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(AppendStatus.Full, await TestBatches.AppendAsync(log, 1, 0));
        Assert.Empty(disk.Files("reserve"));
        Assert.InRange(disk.FreeBytes(SimulatedLog.Directory), 8192, 10_000);

        disk.Capacity += 25_000;
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(AppendStatus.Full, await TestBatches.AppendAsync(log, 1, 0));
        disk.Capacity += 20_000;
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(AppendStatus.Appended, await TestBatches.AppendAsync(log, 1, 0));
        Assert.Single(disk.Files("reserve"));
        Assert.Equal(8192, disk[disk.Files("reserve")[0]].Length);
    }

    [Fact]
    public async Task A_flush_that_fails_ends_the_log()
    {
        var disk = new SimulatedDisk();
        var log = await SimulatedLog.OpenAsync(disk);
        await TestBatches.AppendAsync(log, 1, 0);
        disk.FlushFailsOnThread = Environment.CurrentManagedThreadId;
        var batch = TestBatches.Make(0, 1);
        FlushFailedException? failure = null;
        try
        {
            // No await before it: the fault belongs to this thread.
            _ = log.AppendAsync(new[] { batch }).Preserve();
        }
        catch (FlushFailedException error)
        {
            failure = error;
        }

        Assert.NotNull(failure);
        disk.FlushFailsOnThread = 0;
        Assert.Equal(1, log.CommittedOffset(0));
        await Assert.ThrowsAsync<FlushFailedException>(async () => await log.AppendAsync(new[] { batch }));
        await Assert.ThrowsAsync<FlushFailedException>(async () => await log.ReadAsync(0, 0, null, 1, CancellationToken.None));
        await Assert.ThrowsAsync<FlushFailedException>(async () => await log.ApplyRetentionAsync(RetentionPolicy.Default, new long[4], CancellationToken.None));
        batch.Release();
        await log.DisposeAsync();
        await using var again = await SimulatedLog.OpenAsync(disk.AfterPowerCut(new Random(1)));
        Assert.InRange(again.CommittedOffset(0), 1, 2);
    }

    private static RecordBatch[] Group(SegmentLog log, int payload)
        => [TestBatches.Make(0, log.CommittedOffset(0), payloadBytes: payload), TestBatches.Make(1, log.CommittedOffset(1), payloadBytes: payload)];

    private static async Task AssertNothingWasStoredAsync(SegmentLog log, SimulatedDisk disk, int seed)
    {
        Assert.Equal(2, log.CommittedOffset(0));
        Assert.Equal(2, (await log.ReadToEndAsync(1)).Offsets.Count);
        foreach (var after in new[] { disk.AfterPowerCut(new Random(seed)), disk.AfterKill() })
        {
            await using var recovered = await SimulatedLog.OpenAsync(after);
            Assert.Equal((2, 2), (recovered.CommittedOffset(0), recovered.CommittedOffset(1)));
        }

        disk.Capacity = long.MaxValue / 4;
        Assert.Equal(AppendStatus.Appended, await TestBatches.AppendAsync(log, Group(log, 700)));
        Assert.Equal(3, (await log.ReadToEndAsync(0)).Offsets.Count);
        await using var reopened = await SimulatedLog.OpenAsync(disk.AfterKill());
        Assert.Equal(3, (await reopened.ReadToEndAsync(0)).Offsets.Count);
    }
}
