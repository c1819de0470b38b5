using Holdfast.Log.Partitions;

namespace Holdfast.Log.TestKit;

/// <summary>What every implementation of <see cref="IPartitionLog"/> does. A subclass opens the implementation.</summary>
public abstract class PartitionLogContract
{
    /// <summary>Opens an empty log of 4 partitions. Retention finds something to remove after some kilobytes.</summary>
    protected abstract Task<IPartitionLog> OpenAsync();

    /// <summary>Closes a log in order and opens it again.</summary>
    /// <param name="log">The log.</param>
    protected abstract Task<IPartitionLog> ReopenAsync(IPartitionLog log);

    [Fact]
    public async Task An_empty_log_has_nothing_to_read()
    {
        await using var log = await OpenAsync();
        Assert.Equal(4, log.PartitionCount);
        Assert.NotEmpty(log.Incarnation);
        using var read = await log.ReadAsync(2, 0, null, 1000, CancellationToken.None);
        Assert.Empty(read.Batches);
        Assert.Null(read.Gap);
        Assert.Equal((0L, 0L, 0L), (read.NextOffset, log.FirstOffset(2), log.CommittedOffset(2)));
    }

    [Fact]
    public async Task Appended_batches_are_read_back_in_order()
    {
        await using var log = await OpenAsync();
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(AppendStatus.Appended, await TestBatches.AppendAsync(log, count: 1 + i % 3, 0, 3));
        }

        var total = Enumerable.Range(0, 50).Sum(i => 1 + i % 3);
        foreach (var partition in new[] { 0, 3 })
        {
            Assert.Equal(total, log.CommittedOffset(partition));
            Assert.Equal(Range(0, total), (await log.ReadToEndAsync(partition)).Offsets);
        }

        Assert.Equal(0, log.CommittedOffset(1));
    }

    [Fact]
    public async Task A_read_begins_with_the_batch_that_holds_the_offset()
    {
        await using var log = await OpenAsync();
        await TestBatches.AppendAsync(log, 10, 1);
        await TestBatches.AppendAsync(log, 10, 1);
        using var read = await log.ReadAsync(1, 14, null, 1, CancellationToken.None);
        Assert.Equal([10L], read.Batches.Select(b => b.BaseOffset));
        Assert.Equal(20, read.NextOffset);
    }

    [Fact]
    public async Task A_read_ends_after_the_batch_that_reaches_the_limit()
    {
        await using var log = await OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            await TestBatches.AppendAsync(log, [TestBatches.Make(0, i, payloadBytes: 500)]);
        }

        using var one = await log.ReadAsync(0, 0, null, 1, CancellationToken.None);
        using var two = await log.ReadAsync(0, 0, null, one.Batches[0].Body.Length + 1, CancellationToken.None);
        Assert.Equal((1, 1L), (one.Batches.Count, one.NextOffset));
        Assert.Equal((2, 2L), (two.Batches.Count, two.NextOffset));
    }

    [Fact]
    public async Task Reading_at_or_beyond_the_end_leads_back_to_the_committed_offset()
    {
        await using var log = await OpenAsync();
        await TestBatches.AppendAsync(log, 3, 0);
        foreach (var from in new[] { 3L, 4L, 400L })
        {
            using var read = await log.ReadAsync(0, from, null, 1000, CancellationToken.None);
            Assert.Empty(read.Batches);
            Assert.Equal(3, read.NextOffset);
        }
    }

    [Fact]
    public async Task Keys_leave_nothing_out_that_holds_them_and_reads_reach_the_end()
    {
        await using var log = await OpenAsync();
        for (var i = 0; i < 60; i++)
        {
            await TestBatches.AppendAsync(log, [TestBatches.Make(2, i, payloadBytes: 300, keyOf: offset => offset == 17 ? 99ul : (ulong)(offset % 5))]);
        }

        var rare = await log.ReadToEndAsync(2, keys: new HashSet<ulong> { 99 });
        Assert.Contains(17, rare.Offsets);
        var several = await log.ReadToEndAsync(2, fromOffset: 10, keys: new HashSet<ulong> { 3, 99 });
        Assert.Superset(Range(10, 60).Where(o => o == 17 || o % 5 == 3).ToHashSet(), several.Offsets.ToHashSet());
        using var none = await log.ReadAsync(2, 0, new HashSet<ulong> { 1234 }, int.MaxValue, CancellationToken.None);
        Assert.Equal(60, none.NextOffset);
    }

    [Fact]
    public async Task The_records_of_some_time_lie_in_the_range_that_is_found_for_it()
    {
        await using var log = await OpenAsync();
        for (var i = 0; i < 200; i++)
        {
            // Times go back now and then, as clocks do.
            var receivedAt = 1000 + (i * 10) - (i % 7 == 0 ? 25 : 0);
            await TestBatches.AppendAsync(log, [TestBatches.Make(1, i, payloadBytes: 300, receivedAtMilliseconds: receivedAt)]);
        }

        Assert.Equal(new OffsetRange(0, 200), log.FindReceived(1, long.MinValue, long.MaxValue));
        foreach (var (from, to) in new[] { (0, 1200), (1500, 1900), (2500, 5000), (990, 995), (1700, 1701) })
        {
            var range = log.FindReceived(1, from, to);
            var wanted = Range(0, 200).Where(i => 1000 + (i * 10) - (i % 7 == 0 ? 25 : 0) is var time && time >= from && time < to).ToArray();
            Assert.All(wanted, offset => Assert.InRange(offset, range.From, range.To - 1));
        }

        Assert.InRange(log.FindReceived(1, 2500, 5000).From, 100, 150);
        Assert.InRange(log.FindReceived(1, 0, 1200).To, 20, 100);
        Assert.Equal(new OffsetRange(200, 200), log.FindReceived(1, 100_000, long.MaxValue));
        Assert.Equal(0, log.FindReceived(3, 0, long.MaxValue).To);
    }

    [Fact]
    public async Task A_group_that_does_not_continue_its_partition_is_refused_and_changes_nothing()
    {
        await using var log = await OpenAsync();
        await TestBatches.AppendAsync(log, 3, 0);
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await TestBatches.AppendAsync(log, [TestBatches.Make(1, 0), TestBatches.Make(0, 2)]));
        Assert.Equal((3L, 0L), (log.CommittedOffset(0), log.CommittedOffset(1)));
        Assert.Equal(AppendStatus.Appended, await TestBatches.AppendAsync(log, 1, 0, 1));
    }

    [Fact]
    public async Task The_content_and_the_incarnation_survive_a_restart()
    {
        var log = await OpenAsync();
        for (var i = 0; i < 20; i++)
        {
            await TestBatches.AppendAsync(log, 2, 0, 1, 3);
        }

        var incarnation = log.Incarnation;
        await using var again = await ReopenAsync(log);
        Assert.Equal(incarnation, again.Incarnation);
        await TestBatches.AppendAsync(again, 2, 0, 2);
        Assert.Equal(Range(0, 42), (await again.ReadToEndAsync(0)).Offsets);
        Assert.Equal(Range(0, 40), (await again.ReadToEndAsync(3)).Offsets);
        Assert.Equal(Range(0, 2), (await again.ReadToEndAsync(2)).Offsets);
    }

    [Fact]
    public async Task A_released_batch_stays_readable_and_a_read_batch_outlives_retention()
    {
        await using var log = await OpenAsync();
        await TestBatches.AppendAsync(log, 5, 0);
        using var read = await log.ReadAsync(0, 0, null, 1000, CancellationToken.None);
        await FillAsync(log, 200);
        await log.ApplyRetentionAsync(new RetentionPolicy(TimeSpan.FromDays(10000), 0), Applied(log), CancellationToken.None);
        TestBatches.AssertContent(read.Batches[0]);
    }

    [Fact]
    public async Task Retention_by_size_removes_the_oldest_and_reports_the_gap()
    {
        await using var log = await OpenAsync();
        await FillAsync(log, 200);
        var before = log.GetStatistics();
        var result = await log.ApplyRetentionAsync(new RetentionPolicy(TimeSpan.FromDays(100000), before.Bytes / 2), Applied(log), CancellationToken.None);

        Assert.InRange(result.Segments, 1, before.Segments - 1);
        Assert.InRange(log.GetStatistics().Bytes, 1, before.Bytes / 2);
        Assert.Equal(before.Bytes - result.Bytes, log.GetStatistics().Bytes);
        var first = log.FirstOffset(0);
        Assert.Equal(first, result.FirstOffsets[0]);
        Assert.InRange(first, 1, 199);
        var content = await log.ReadToEndAsync(0);
        Assert.Equal([(0L, first, LogGapReason.Trimmed)], content.Gaps.Select(g => (g.FromOffset, g.ToOffset, g.Reason)));
        Assert.Equal(Range(first, 200), content.Offsets);
    }

    [Fact]
    public async Task What_nobody_keeps_goes_before_its_age_and_nothing_that_somebody_keeps()
    {
        await using var log = await OpenAsync();
        for (var i = 0; i < 200; i++)
        {
            var group = Enumerable.Range(0, 4).Select(p => TestBatches.Make(p, i, payloadBytes: 200, receivedAtMilliseconds: 1000 + i)).ToArray();
            Assert.Equal(AppendStatus.Appended, await TestBatches.AppendAsync(log, group));
        }

        var policy = new RetentionPolicy(TimeSpan.FromDays(100000), null) { NothingKeptBefore = DateTimeOffset.FromUnixTimeMilliseconds(1100) };
        var result = await log.ApplyRetentionAsync(policy, Applied(log), CancellationToken.None);

        Assert.True(result.Segments > 0);
        Assert.InRange(log.FirstOffset(2), 1, 100);
        Assert.Equal(Range(100, 200), (await log.ReadToEndAsync(2, fromOffset: 100)).Offsets);
    }

    [Fact]
    public async Task Retention_keeps_what_is_not_applied_yet()
    {
        await using var log = await OpenAsync();
        await FillAsync(log, 200);
        var applied = Applied(log);
        applied[1] = 100;
        await log.ApplyRetentionAsync(new RetentionPolicy(TimeSpan.Zero, 0), applied, CancellationToken.None);
        Assert.InRange(log.FirstOffset(1), 1, 100);
        Assert.Equal(Range(100, 200), (await log.ReadToEndAsync(1, fromOffset: 100)).Offsets);
    }

    [Fact]
    public async Task A_cancelled_read_does_not_read()
    {
        await using var log = await OpenAsync();
        await TestBatches.AppendAsync(log, 1, 0);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await log.ReadAsync(0, 0, null, 1, new CancellationToken(canceled: true)));
    }

    /// <summary>The offsets from a first up to, not including, a last one.</summary>
    protected static IEnumerable<long> Range(long from, long to)
    {
        for (var offset = from; offset < to; offset++)
        {
            yield return offset;
        }
    }

    private static async Task FillAsync(IPartitionLog log, int groups)
    {
        for (var i = 0; i < groups; i++)
        {
            var group = Enumerable.Range(0, 4).Select(p => TestBatches.Make(p, log.CommittedOffset(p), payloadBytes: 200)).ToArray();
            Assert.Equal(AppendStatus.Appended, await TestBatches.AppendAsync(log, group));
        }
    }

    private static long[] Applied(IPartitionLog log) => [.. Enumerable.Range(0, log.PartitionCount).Select(log.CommittedOffset)];
}
