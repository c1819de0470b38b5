using Holdfast.Log.Partitions;

namespace Holdfast.Log.Tests.Commit;

/// <summary>A full disk: what is refused leaves nothing behind, and nobody builds on it.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task The_group_under_way_and_the_open_one_are_refused_together_and_their_sequences_are_undone()
    {
        await using var harness = new CommitterHarness();
        harness.Log.Gate.Close();
        harness.Log.Answer = AppendStatus.Full;
        harness.Committer.Start();
        var flying = harness.Append(0, "a", sequence: 1);
        await harness.GateReachedAsync();
        var open = harness.Append(0, "b", sequence: 2);
        var duplicate = harness.Append(0, "a again", sequence: 1);
        var elsewhere = harness.Append(3, "c");
        var marker = harness.AppendMarker(0);

        harness.Log.Gate.Open();
        foreach (var heard in (Task<Outcome>[])[flying, open, duplicate, elsewhere, marker])
        {
            Assert.Equal((-1, AppendStatus.Full), ((await heard).Offset, (await heard).Status));
        }

        Assert.Equal(1, harness.Committer.RefusedGroups);
        Assert.Equal(0, harness.Committer.AppendedOffset(0));
        harness.Log.Answer = AppendStatus.Appended;
        Assert.Equal(0, (await RetryAsync(harness, 0, "a", 1)).Offset);
        Assert.Equal(1, (await RetryAsync(harness, 0, "b", 2)).Offset);
        Assert.Equal(["a", "b"], await harness.StoredAsync(0));
    }

    [Fact]
    public async Task Nothing_is_admitted_before_everybody_has_heard_of_the_refusal()
    {
        await using var harness = new CommitterHarness();
        using var telling = new SemaphoreSlim(0);
        using var tell = new SemaphoreSlim(0);
        harness.BeforeGroup = group =>
        {
            if (group.Status != AppendStatus.Appended)
            {
                telling.Release();
                tell.Wait();
            }
        };
        harness.Log.Gate.Close();
        harness.Log.Answer = AppendStatus.Full;
        harness.Committer.Start();
        var refused = harness.Append(0, "a");
        await harness.GateReachedAsync();
        var meanwhile = harness.Append(1, "b");
        harness.Log.Gate.Open();
        await telling.WaitAsync(TestContext.Current.CancellationToken);
        harness.Log.Answer = AppendStatus.Appended;

        // The disk has room again, and the observers do not know yet that they were refused.
        var room = harness.Committer.WhenRoomAsync();
        Assert.Null(harness.TryAppend(0, "builds on a"));
        Assert.Null(harness.TryAppend(2, "c"));
        var marker = harness.AppendMarker(0);
        tell.Release();
        await telling.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Null(harness.TryAppend(1, "builds on b"));
        tell.Release(2);

        Assert.Equal(AppendStatus.Full, (await refused).Status);
        Assert.Equal(AppendStatus.Full, (await meanwhile).Status);
        Assert.Equal(AppendStatus.Full, (await marker).Status);
        await room.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(0, (await RetryAsync(harness, 0, "a", null)).Offset);
    }

    /// <summary>Several publishers with sequences against a disk that is full now and then: each is stored once, in order, and confirmed only then.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Everything_confirmed_is_stored_once_and_in_order(int seed)
    {
        await using var harness = new CommitterHarness();
        harness.Log.Faults = new TestKit.SeededFaults(seed) { FullRate = 0.3, YieldRate = 0.2 };
        harness.Committer.Start();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(partition => Task.Run(
            async () =>
            {
                for (ulong sequence = 1; sequence <= 300; sequence++)
                {
                    await RetryAsync(harness, partition, $"{sequence}", sequence);
                    if (sequence % 7 == 0)
                    {
                        await RetryAsync(harness, partition, "again", sequence - 3);
                    }
                }
            },
            TestContext.Current.CancellationToken)));
        for (var partition = 0; partition < 4; partition++)
        {
            Assert.Equal(Enumerable.Range(1, 300).Select(number => $"{number}"), await harness.StoredAsync(partition));
        }

        Assert.True(harness.Committer.RefusedGroups > 0);
        Assert.All(harness.Heard.Where(outcome => outcome.Status == AppendStatus.Appended), outcome => Assert.True(outcome.Committed > outcome.Offset));
    }

    private static async Task<Outcome> RetryAsync(CommitterHarness harness, int partition, string payload, ulong? sequence)
    {
        while (true)
        {
            var heard = harness.TryAppend(partition, payload, sequence);
            if (heard is null)
            {
                await harness.Committer.WhenRoomAsync();
            }
            else if ((await heard).Status == AppendStatus.Appended)
            {
                return await heard;
            }
        }
    }
}
