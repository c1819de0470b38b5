using System.Collections.Concurrent;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Log.Tests.Commit;

public sealed class GroupCommitterTests
{
    [Fact]
    public async Task An_observer_hears_after_the_commit()
    {
        await using var harness = new CommitterHarness();
        harness.Log.Gate.Close();
        harness.Committer.Start();
        var first = harness.Append(1, "a");
        await harness.GateReachedAsync();
        var second = harness.Append(1, "b");
        Assert.False(first.IsCompleted);
        Assert.Empty(harness.Heard);

        harness.Log.Gate.LetOneGo();
        Assert.Equal((0, AppendStatus.Appended, 1), ((await first).Offset, (await first).Status, (await first).Committed));
        await harness.GateReachedAsync();
        Assert.False(second.IsCompleted);

        harness.Log.Gate.Open();
        Assert.Equal((1, AppendStatus.Appended, 2), ((await second).Offset, (await second).Status, (await second).Committed));
    }

    [Fact]
    public async Task What_comes_during_a_flush_is_one_group()
    {
        await using var harness = new CommitterHarness();
        harness.Log.Gate.Close();
        harness.Committer.Start();
        _ = harness.Append(0, "first");
        await harness.GateReachedAsync();
        var appends = Enumerable.Range(0, 100).Select(number => harness.Append(number % 4, $"{number}")).ToList();
        harness.Log.Gate.Open();
        await Task.WhenAll(appends);
        Assert.Equal(2, harness.Log.AppendedGroups);
    }

    [Fact]
    public async Task A_small_group_is_delivered_by_the_thread_that_has_committed_it_and_a_large_one_by_another()
    {
        await using var harness = new CommitterHarness();
        var threads = new ConcurrentQueue<string?>();
        harness.BeforeGroup = _ => threads.Enqueue(Thread.CurrentThread.Name);
        harness.Log.Gate.Close();
        harness.Committer.Start();
        var first = harness.Append(0, "small");
        await harness.GateReachedAsync();
        var appends = Enumerable.Range(0, 100).Select(number => harness.Append(number % 4, $"{number}")).ToList();
        harness.Log.Gate.Open();
        await first;
        await Task.WhenAll(appends);
        Assert.Equal(["holdfast commit", "holdfast delivery"], threads);
    }

    [Fact]
    public async Task A_small_group_does_not_overtake_a_large_one_that_is_being_delivered()
    {
        await using var harness = new CommitterHarness();
        using var isLargeDelivered = new ManualResetEventSlim();
        using var mayGoOn = new ManualResetEventSlim();
        harness.BeforeGroup = group =>
        {
            if (group.Batches.Count == 4)
            {
                isLargeDelivered.Set();
                Assert.True(mayGoOn.Wait(TimeSpan.FromSeconds(30)));
            }
        };
        harness.Log.Gate.Close();
        harness.Committer.Start();
        var first = harness.Append(0, "first");
        await harness.GateReachedAsync();
        var large = Enumerable.Range(0, 100).Select(number => harness.Append(number % 4, $"{number}")).ToList();
        harness.Log.Gate.Open();
        await first;
        Assert.True(isLargeDelivered.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        harness.Log.Gate.Close();
        var small = harness.Append(0, "small");
        await harness.GateReachedAsync();
        harness.Log.Gate.LetOneGo();
        _ = harness.Append(1, "behind the small one");
        await harness.GateReachedAsync();
        Assert.False(small.IsCompleted);
        mayGoOn.Set();
        harness.Log.Gate.Open();
        await Task.WhenAll(large);
        Assert.True((await small).Offset > 0);
    }

    [Fact]
    public async Task A_full_open_batch_is_busy_and_there_is_room_as_soon_as_it_is_taken()
    {
        await using var harness = new CommitterHarness();
        harness.Log.Gate.Close();
        harness.Committer.Start();
        _ = harness.Append(0, "first");
        await harness.GateReachedAsync();

        var payload = new string('x', 100_000);
        var appends = new List<Task<Outcome>>();
        while (harness.TryAppend(2, payload) is { } heard)
        {
            appends.Add(heard);
        }

        // No record is larger than what may be open beyond the limit.
        Assert.Equal(6, appends.Count);
        Assert.NotNull(harness.TryAppend(3, payload));
        var room = harness.Committer.WhenRoomAsync();
        Assert.False(room.IsCompleted);

        harness.Log.Gate.LetOneGo();
        await room.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.NotNull(harness.TryAppend(2, "again"));
        harness.Log.Gate.Open();
        await Task.WhenAll(appends);
    }

    /// <summary>Nobody else appends: a wake-up that is lost between busy and waiting would be lost for ever.</summary>
    [Fact]
    public async Task There_is_room_again_when_the_batch_is_taken_before_somebody_waits()
    {
        await using var harness = new CommitterHarness();
        harness.Committer.Start();
        await harness.Append(0, "taken and committed");
        await harness.Committer.WhenRoomAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_duplicate_is_confirmed_with_the_commit_of_the_original_and_not_stored()
    {
        await using var harness = new CommitterHarness();
        harness.Log.Gate.Close();
        harness.Committer.Start();
        var original = harness.Append(0, "a", sequence: 7);
        await harness.GateReachedAsync();
        var duplicate = harness.Append(0, "a again", sequence: 7);
        harness.Log.Gate.LetOneGo();
        await original;
        var late = await duplicate;
        Assert.Equal((-1, AppendStatus.Appended, 1), (late.Offset, late.Status, late.Committed));
        Assert.Equal(["a"], await harness.StoredAsync(0));
        Assert.Equal(1, harness.Log.AppendedGroups);
    }

    [Fact]
    public async Task A_marker_is_heard_after_everything_before_it_in_its_partition()
    {
        await using var harness = new CommitterHarness();
        harness.Log.Gate.Close();
        harness.Committer.Start();
        var append = harness.Append(0, "a");
        await harness.GateReachedAsync();
        var marker = harness.AppendMarker(0);
        Assert.False(marker.IsCompleted);
        harness.Log.Gate.LetOneGo();
        var heard = await marker;
        Assert.Equal((-1, AppendStatus.Appended, 1), (heard.Offset, heard.Status, heard.Committed));
        Assert.Equal([(await append).Token, heard.Token], harness.Heard.Select(outcome => outcome.Token));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Each_partition_keeps_its_order_and_its_offsets_have_no_gap(int seed)
    {
        var random = new Random(seed);
        await using var harness = new CommitterHarness();
        harness.Committer.Start();
        var expected = new List<string>[] { [], [], [], [] };
        var appends = new List<Task<Outcome>>();
        for (var number = 0; number < 5000; number++)
        {
            var partition = random.Next(4);
            expected[partition].Add($"{number}");
            appends.Add(harness.Append(partition, $"{number}"));
        }

        await Task.WhenAll(appends);
        for (var partition = 0; partition < 4; partition++)
        {
            Assert.Equal(expected[partition], await harness.StoredAsync(partition));
            var heard = harness.Heard.Where(outcome => outcome.Partition == partition).ToList();
            Assert.Equal(Enumerable.Range(0, heard.Count).Select(offset => (long)offset), heard.Select(outcome => outcome.Offset));
            Assert.All(heard, outcome => Assert.True(outcome.Committed > outcome.Offset));
        }
    }

    [Fact]
    public async Task A_failed_flush_is_fatal_and_completes_nothing()
    {
        await using var harness = new CommitterHarness();
        harness.Log.NextFlushFails = true;
        harness.Committer.Start();
        _ = harness.Append(0, "a");
        Assert.IsType<FlushFailedException>(await harness.Fatal.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Empty(harness.Heard);
    }

    [Fact]
    public async Task What_was_appended_is_committed_and_told_before_the_end()
    {
        var harness = new CommitterHarness();
        harness.Log.Gate.Close();
        harness.Committer.Start();
        var first = harness.Append(0, "a");
        await harness.GateReachedAsync();
        var second = harness.Append(1, "b");
        var ending = harness.DisposeAsync();
        harness.Log.Gate.Open();
        await ending;
        Assert.Equal(AppendStatus.Appended, (await first).Status);
        Assert.Equal(AppendStatus.Appended, (await second).Status);
    }

    [Fact]
    public async Task The_commit_thread_is_as_old_as_the_group_that_it_cannot_commit()
    {
        await using var harness = new CommitterHarness();
        harness.Log.Gate.Close();
        harness.Committer.Start();
        var append = harness.Append(0, "a");
        await harness.GateReachedAsync();
        Assert.True(harness.Committer.OldestPendingAge > TimeSpan.Zero);
        harness.Log.Gate.Open();
        await append;
    }

    [Fact]
    public async Task Replayed_and_loaded_sequences_are_known()
    {
        await using var harness = new CommitterHarness();
        harness.Committer.Replay(0, CommitterHarness.Record("a", 1));
        foreach (var stream in harness.Committer.TakeStreamChanges(0, out _))
        {
            await using var other = new CommitterHarness();
            other.Committer.LoadStream(stream);
            other.Committer.Start();
            Assert.Equal(-1, (await other.Append(0, "again", 1)).Offset);
        }

        harness.Committer.Start();
        Assert.Equal(-1, (await harness.Append(0, "again", 1)).Offset);
        Assert.Equal(0, (await harness.Append(0, "b", 2)).Offset);
    }

    [Fact]
    public async Task A_possible_duplicate_is_flagged_in_the_log()
    {
        await using var harness = new CommitterHarness();
        harness.Committer.Start();
        for (ulong range = 0; range < 70; range++)
        {
            await harness.Append(0, "x", 10 + (range * 2));
        }

        await harness.Append(0, "old", 0);
        using var read = await harness.Log.ReadAsync(0, 70, null, int.MaxValue, CancellationToken.None);
        var flagged = 0;
        foreach (var view in read.Batches[^1])
        {
            flagged += PublishRecord.Read(view).PossibleDuplicate ? 1 : 0;
        }

        Assert.Equal(1, flagged);
        Assert.Equal(71, harness.Log.CommittedOffset(0));
    }
}
