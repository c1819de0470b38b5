using Holdfast.Log.Partitions;
using Holdfast.Log.Segments;
using Holdfast.Log.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Log.Tests.Segments;

public sealed class SegmentLogTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 20_000)]
    [InlineData(3, 1_000_000)]
    public async Task Readers_see_only_what_is_committed_in_order_while_the_log_grows(int seed, int tailCacheBytes)
    {
        using var directory = new TemporaryDirectory();
        await using var log = await SegmentLog.OpenAsync(SimulatedLog.Options with
        {
            Directory = directory.Path,
            SegmentBytes = 64 * 1024,
            TailCacheBytes = tailCacheBytes,
        }, TestContext.Current.CancellationToken);
        const int Groups = 600;
        var done = new TaskCompletionSource();
        var readers = Enumerable.Range(0, 6).Select(i => Task.Run(() => FollowAsync(log, partition: i % 4, keyed: i >= 4, new Random(seed + i), done.Task))).ToArray();
        var random = new Random(seed);
        for (var i = 0; i < Groups; i++)
        {
            var group = Enumerable.Range(0, 4).Where(_ => random.Next(4) > 0)
                .Select(p => TestBatches.Make(p, log.CommittedOffset(p), random.Next(1, 8), random.Next(1, 300))).ToArray();
            Assert.Equal(AppendStatus.Appended, await TestBatches.AppendAsync(log, group));
        }

        done.SetResult();
        await Task.WhenAll(readers);
        Assert.InRange(log.GetStatistics().Segments, 5, 200);
    }

    [Fact]
    public async Task Retention_under_readers_gives_a_gap_and_never_an_error()
    {
        using var directory = new TemporaryDirectory();
        await using var log = await SegmentLog.OpenAsync(SimulatedLog.Options with { Directory = directory.Path }, TestContext.Current.CancellationToken);
        var done = new TaskCompletionSource();
        var readers = Enumerable.Range(0, 4).Select(p => Task.Run(() => RereadAsync(log, p, done.Task))).ToArray();
        for (var i = 0; i < 400; i++)
        {
            await TestBatches.AppendAsync(log, 3, 0, 1, 2, 3);
            if (i % 10 == 0)
            {
                var applied = Enumerable.Range(0, 4).Select(log.CommittedOffset).ToArray();
                await log.ApplyRetentionAsync(new RetentionPolicy(TimeSpan.FromDays(100_000), 60_000), applied, CancellationToken.None);
            }
        }

        done.SetResult();
        await Task.WhenAll(readers);
        Assert.Equal(0, log.GetStatistics().DamagedRecords);
        Assert.InRange(log.FirstOffset(0), 500, 1200);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Postings_find_exactly_the_batches_that_a_full_scan_finds(int seed)
    {
        var random = new Random(seed);
        var disk = new SimulatedDisk();
        var log = await SimulatedLog.OpenAsync(disk);
        ulong KeyOf(long offset) => (ulong)(offset * 7919 % 311);
        for (var i = 0; i < 300; i++)
        {
            await TestBatches.AppendAsync(log, [TestBatches.Make(1, log.CommittedOffset(1), random.Next(1, 9), random.Next(20, 200), keyOf: KeyOf)]);
        }

        await CompareAsync();
        await log.DisposeAsync();
        log = await SimulatedLog.OpenAsync(disk);
        await CompareAsync();
        foreach (var index in disk.Files(".index"))
        {
            disk.Delete(index);
        }

        log = await SimulatedLog.OpenAsync(disk.AfterKill());
        await CompareAsync();

        async Task CompareAsync()
        {
            var all = await log.ReadToEndAsync(1);
            for (var round = 0; round < 30; round++)
            {
                var keys = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (ulong)random.Next(320)).ToHashSet();
                var from = random.NextInt64(log.CommittedOffset(1));
                var expected = all.Batches.Where(b => b.To > from && Enumerable.Range(0, (int)(b.To - b.From)).Any(i => keys.Contains(KeyOf(b.From + i))));
                var found = await log.ReadToEndAsync(1, from, keys, maximumBytes: random.Next(1, 5000));
                Assert.Equal(expected, found.Batches);
            }
        }
    }

    [Fact]
    public async Task Retention_goes_by_the_newest_record_of_a_segment()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddDays(1000));
        var disk = new SimulatedDisk();
        await using var log = await SimulatedLog.OpenAsync(disk, SimulatedLog.Options with { TimeProvider = time });
        for (var day = 0; day < 30; day++)
        {
            for (var i = 0; i < 20; i++)
            {
                var received = time.GetUtcNow().ToUnixTimeMilliseconds();
                await TestBatches.AppendAsync(log, [TestBatches.Make(0, log.CommittedOffset(0), 1, 900, received)]);
            }

            time.Advance(TimeSpan.FromDays(1));
        }

        var result = await log.ApplyRetentionAsync(RetentionPolicy.Default, new[] { log.CommittedOffset(0), 0L, 0L, 0L }, CancellationToken.None);

        // Seven days of twenty records stay, and the segment in which they begin.
        var first = log.FirstOffset(0);
        Assert.InRange(first, 600 - 7 * 20 - 20, 600 - 7 * 20);
        Assert.Equal((first, 0L), (result.FirstOffsets[0], result.FirstOffsets[1]));
        Assert.Equal(log.GetStatistics().Segments, disk.Files(".segment").Count(f => disk[f].Any(b => b != 0)));
        var content = await log.ReadToEndAsync(0);
        Assert.Equal((0L, first, LogGapReason.Trimmed), (content.Gaps[0].FromOffset, content.Gaps[0].ToOffset, content.Gaps[0].Reason));
        Assert.Equal(600 - first, content.Offsets.Count);
    }

    [Fact]
    public async Task What_retention_removed_stays_removed_after_a_restart()
    {
        var disk = new SimulatedDisk();
        var log = await SimulatedLog.OpenAsync(disk);
        for (var i = 0; i < 200; i++)
        {
            await TestBatches.AppendAsync(log, 4, 0, 2);
        }

        await log.ApplyRetentionAsync(new RetentionPolicy(TimeSpan.Zero, 0), new[] { 800L, 0L, 800L, 0L }, CancellationToken.None);
        var first = log.FirstOffset(0);
        await using var again = await SimulatedLog.OpenAsync(disk.AfterKill());
        Assert.Equal((first, 800L), (again.FirstOffset(0), again.CommittedOffset(0)));
        Assert.Equal(800 - first, (await again.ReadToEndAsync(0)).Offsets.Count);
    }

    [Fact]
    public async Task Recent_batches_are_shared_and_not_copied()
    {
        await using var log = await SimulatedLog.OpenAsync(new SimulatedDisk(), SimulatedLog.Options with { TailCacheBytes = 1024 * 1024 });
        var batch = TestBatches.Make(0, 0);
        await log.AppendAsync(new[] { batch });
        using var read = await log.ReadAsync(0, 0, null, 1, CancellationToken.None);
        using var keyed = await log.ReadAsync(0, 0, new HashSet<ulong> { 0 }, 1, CancellationToken.None);
        Assert.Same(batch, read.Batches[0]);
        Assert.Same(batch, keyed.Batches[0]);
        batch.Release();
    }

    [Fact]
    public async Task One_append_is_one_flush()
    {
        var disk = new SimulatedDisk();
        await using var log = await SimulatedLog.OpenAsync(disk, SimulatedLog.Options with { SegmentBytes = 1024 * 1024 });
        await log.ApplyRetentionAsync(RetentionPolicy.Default, new long[4], CancellationToken.None);
        var before = await PreparedAsync(disk);
        for (var i = 0; i < 25; i++)
        {
            await TestBatches.AppendAsync(log, 3, 0, 1, 2, 3);
        }

        Assert.Equal(before + 25, disk.Flushes);
    }

    [Fact]
    public async Task A_group_larger_than_a_segment_is_stored_whole()
    {
        var disk = new SimulatedDisk();
        var log = await SimulatedLog.OpenAsync(disk);
        await TestBatches.AppendAsync(log, 1, 0);
        await TestBatches.AppendAsync(log, [TestBatches.Make(0, 1, 300, 1000), TestBatches.Make(1, 0, 3, 50_000)]);
        await TestBatches.AppendAsync(log, 1, 0, 1);
        await using var again = await SimulatedLog.OpenAsync(disk.AfterKill());
        Assert.Equal(302, (await again.ReadToEndAsync(0)).Offsets.Count);
        Assert.Equal(4, (await again.ReadToEndAsync(1)).Offsets.Count);
    }

    private static async Task<int> PreparedAsync(SimulatedDisk disk)
    {
        while (disk.Files(".segment") is not { Count: 2 } || disk[disk.Files(".segment")[1]].Length == 0)
        {
            await Task.Yield();
        }

        return disk.Flushes;
    }

    private static async Task FollowAsync(SegmentLog log, int partition, bool keyed, Random random, Task done)
    {
        var next = 0L;
        var seen = 0L;
        var keys = keyed ? new HashSet<ulong> { 3 } : null;
        while (!done.IsCompleted || next < log.CommittedOffset(partition))
        {
            using var read = await log.ReadAsync(partition, next, keys, random.Next(1, 20_000), CancellationToken.None);
            Assert.Null(read.Gap);
            Assert.True(read.NextOffset <= log.CommittedOffset(partition));
            foreach (var batch in read.Batches)
            {
                Assert.True(keyed || batch.BaseOffset == next, $"The batch at {batch.BaseOffset} came after {next}.");
                TestBatches.AssertContent(batch);
                seen += Enumerable.Range(0, batch.Count).Count(i => (batch.BaseOffset + i) % 10 == 3);
                next = batch.NextOffset;
            }

            next = read.NextOffset;
            await Task.Yield();
        }

        Assert.Equal((log.CommittedOffset(partition) + 6) / 10, seen);
    }

    private static async Task RereadAsync(SegmentLog log, int partition, Task done)
    {
        while (!done.IsCompleted)
        {
            var committed = log.CommittedOffset(partition);
            var content = await log.ReadToEndAsync(partition);
            Assert.All(content.Gaps, g => Assert.Equal(LogGapReason.Trimmed, g.Reason));
            Assert.True(content.Offsets.Count == 0 || content.Offsets[^1] >= committed - 1);
            await Task.Yield();
        }
    }
}
