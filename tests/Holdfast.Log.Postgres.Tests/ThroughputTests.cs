using System.Diagnostics;
using Holdfast.Log.Partitions;
using Holdfast.Testing.Postgres;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>How fast groups are committed; docs/performance.md has the figures. It fails only when it is absurdly slow.</summary>
[Trait("Category", "Long")]
public sealed class ThroughputTests
{
    private const int Partitions = 16;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Groups_are_committed_at_a_useful_rate(bool withStandby)
    {
        using var primary = PostgresServer.Create();
        using var standby = withStandby ? PostgresServer.CreateStandbyOf(primary) : null;
        if (withStandby)
        {
            primary.Configure("synchronous_standby_names", "standby");
            primary.WaitFor("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')");
        }

        await using var log = await Logs.OpenOwnerAsync(SharedServer.OptionsFor(primary) with { PartitionCount = Partitions, SegmentBytes = 1024L * 1024 * 1024 });
        await MeasureAsync(log, withStandby, "10 records in one partition", 1, 10, 500);
        await MeasureAsync(log, withStandby, "200 kB in 16 partitions", Partitions, 62, 500);
        await MeasureAsync(log, withStandby, "2 MB in 16 partitions", Partitions, 620, 80);
    }

    private static async Task MeasureAsync(PostgresPartitionLog log, bool withStandby, string name, int partitions, int records, int groups)
    {
        var groupsMade = new List<long>();
        long bytes = 0;
        var spent = TimeSpan.Zero;
        for (var i = 0; i < groups + 50; i++)
        {
            var group = Enumerable.Range(0, partitions).Select(p => TestBatches.Make(p, log.CommittedOffset(p), records, 100, keyOf: o => (ulong)o * 7919)).ToArray();
            var size = group.Sum(batch => (long)batch.Body.Length);
            var begin = Stopwatch.GetTimestamp();
            Assert.Equal(AppendStatus.Appended, await TestBatches.AppendAsync(log, group));
            if (i >= 50)
            {
                var took = Stopwatch.GetElapsedTime(begin);
                spent += took;
                bytes += size;
                groupsMade.Add(took.Ticks);
            }
        }

        groupsMade.Sort();
        var median = TimeSpan.FromTicks(groupsMade[groupsMade.Count / 2]);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"standby: {withStandby}; {name}: {groups / spent.TotalSeconds:F0} groups/s, {bytes / spent.TotalSeconds / 1e6:F1} MB/s, median {median.TotalMilliseconds:F2} ms");
        Assert.True(groups / spent.TotalSeconds > 5);
    }
}
