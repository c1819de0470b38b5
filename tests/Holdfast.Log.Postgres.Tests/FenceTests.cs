using Holdfast.Log.Partitions;
using Holdfast.Testing.Postgres;
using Holdfast.Log.Segments;
using Holdfast.Log.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>Several nodes on one database.</summary>
public sealed class FenceTests(SharedServer shared)
{
    [Fact]
    public async Task A_fenced_owner_stores_nothing_of_a_group_and_keeps_its_other_partitions()
    {
        var options = SharedServer.NewOptions();
        await using var old = await Logs.OpenOwnerAsync(options);
        await Logs.AppendAsync(old, 0, 1);
        await using var successor = await PostgresPartitionLog.OpenAsync(options with { Owner = "successor" }, Logs.Cancellation);
        var claim = await successor.ClaimAsync(0, "successor", old.Epoch(0), Logs.Cancellation);
        Assert.Equal((true, 1L, 2L), (claim.IsGranted, claim.Head.NextOffset, claim.Head.Epoch));

        Assert.Equal(AppendStatus.Fenced, await Logs.AppendAsync(old, 0, 1));
        Assert.Equal((false, true), (old.IsOwned(0), old.IsOwned(1)));
        Assert.Equal(AppendStatus.Fenced, await Logs.AppendAsync(old, 0));
        Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(old, 1));
        Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(successor, 0));
        Assert.Equal(AppendStatus.Fenced, await Logs.AppendAsync(successor, 1));

        // A reader goes as far as the owner announced, and no further.
        Assert.Equal([0L], (await old.ReadToEndAsync(0)).Offsets);
        old.Announce(0, 2);
        Assert.Equal([0L, 1L], (await old.ReadToEndAsync(0)).Offsets);
        Assert.Equal([0L, 1L], (await old.ReadToEndAsync(1)).Offsets);
    }

    [Fact]
    public async Task A_claim_on_an_epoch_that_has_passed_is_refused()
    {
        var options = SharedServer.NewOptions();
        await using var first = await Logs.OpenOwnerAsync(options);
        await using var second = await PostgresPartitionLog.OpenAsync(options with { Owner = "second" }, Logs.Cancellation);

        var refused = await second.ClaimAsync(3, "second", 0, Logs.Cancellation);

        Assert.False(refused.IsGranted);
        Assert.Equal((1L, first.Owner), (refused.Head.Epoch, refused.Head.Owner));
        Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(first, 3));
    }

    [Fact]
    public async Task Owners_share_the_partitions_and_the_segments()
    {
        var options = SharedServer.NewOptions() with { SegmentBytes = 4096 };
        await using var left = await PostgresPartitionLog.OpenAsync(options with { Owner = "left" }, Logs.Cancellation);
        await using var right = await PostgresPartitionLog.OpenAsync(options with { Owner = "right" }, Logs.Cancellation);
        for (var partition = 0; partition < 4; partition++)
        {
            var log = partition < 2 ? left : right;
            await log.ClaimAsync(partition, log.Owner, 0, Logs.Cancellation);
        }

        await Task.WhenAll(FillAsync(left, 0, 1), FillAsync(right, 2, 3));
        for (var partition = 0; partition < 4; partition++)
        {
            left.Announce(partition, 100);
            right.Announce(partition, 100);
            foreach (var log in new[] { left, right })
            {
                var content = await log.ReadToEndAsync(partition, keys: partition == 1 ? new HashSet<ulong> { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 } : null);
                Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), content.Offsets);
                Assert.Empty(content.Gaps);
            }
        }

        Assert.InRange(left.GetStatistics().Segments, 3, 60);
        static async Task FillAsync(PostgresPartitionLog log, params int[] partitions)
        {
            for (var i = 0; i < 100; i++)
            {
                Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(log, partitions));
            }
        }
    }

    [Fact]
    public async Task A_segment_ends_with_its_period_and_age_removes_it()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var log = await Logs.OpenOwnerAsync(SharedServer.NewOptions() with { TimeProvider = time, SegmentPeriod = TimeSpan.FromHours(1) });
        await Logs.AppendAsync(log, 0);
        time.Advance(TimeSpan.FromMinutes(61));
        await Logs.AppendAsync(log, 0);
        var week = new RetentionPolicy(TimeSpan.FromDays(7), null);

        Assert.Equal(0, (await log.ApplyRetentionAsync(week, new long[] { 2, 0, 0, 0 }, Logs.Cancellation)).Segments);
        time.Advance(TimeSpan.FromDays(7));
        Assert.Equal(0, (await log.ApplyRetentionAsync(week, new long[] { 0, 0, 0, 0 }, Logs.Cancellation)).Segments);
        Assert.Equal(1, (await log.ApplyRetentionAsync(week, new long[] { 1, 0, 0, 0 }, Logs.Cancellation)).Segments);
        Assert.Equal(1, log.FirstOffset(0));
        Assert.Equal([1L], (await log.ReadToEndAsync(0)).Offsets);
    }

    [Fact]
    public async Task Nodes_that_start_at_once_make_one_schema()
    {
        var options = SharedServer.NewOptions();
        var logs = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => PostgresPartitionLog.OpenAsync(options, Logs.Cancellation)));

        Assert.Single(logs.Select(log => log.Incarnation).Distinct());
        foreach (var log in logs)
        {
            await log.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_newer_schema_is_refused_in_words()
    {
        var options = SharedServer.NewOptions();
        await (await PostgresPartitionLog.OpenAsync(options, Logs.Cancellation)).DisposeAsync();
        shared.Server.Execute($"UPDATE {options.Schema}.schema_version SET version = 99");

        var error = await Assert.ThrowsAsync<StoreUnusableException>(() => PostgresPartitionLog.OpenAsync(options, Logs.Cancellation));

        Assert.Contains("version 99", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_synchronous_standby_nothing_is_stored()
    {
        var options = SharedServer.NewOptions();
        await using (await Logs.OpenOwnerAsync(options))
        {
        }

        var strict = await PostgresPartitionLog.OpenAsync(options with { Durability = DurabilityPolicy.SynchronousStandby, Owner = "strict" }, Logs.Cancellation);
        using var enough = new CancellationTokenSource();
        var claim = strict.ClaimAsync(0, "strict", 1, enough.Token);
        await Assert.ThrowsAsync<TimeoutException>(() => claim.WaitAsync(TimeSpan.FromMilliseconds(300), Logs.Cancellation));
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claim);

        var durability = await strict.RefreshDurabilityAsync(Logs.Cancellation);
        Assert.Equal((string.Empty, false), (durability.SynchronousStandbyNames, durability.IsSynchronous));
        Assert.Equal(1L, shared.Server.Query<long>($"SELECT epoch FROM {options.Schema}.partition_head WHERE partition = 0"));
        await strict.DisposeAsync();
    }
}
