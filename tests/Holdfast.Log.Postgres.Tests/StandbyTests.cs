using System.Diagnostics;
using Holdfast.Log.Partitions;
using Holdfast.Testing.Postgres;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>A primary and a synchronous standby.</summary>
public sealed class StandbyTests : IDisposable
{
    private readonly PostgresServer _primary = PostgresServer.Create();
    private readonly PostgresServer _standby;

    public StandbyTests()
    {
        _standby = PostgresServer.CreateStandbyOf(_primary);
        _primary.Configure("synchronous_standby_names", "standby");
        _primary.WaitFor("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')");
    }

    public void Dispose()
    {
        _standby.Dispose();
        _primary.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_promotion_appends_go_on_and_nothing_acknowledged_is_lost(bool frozen)
    {
        await using var log = await Logs.OpenOwnerAsync(Options());
        var durability = await log.RefreshDurabilityAsync(Logs.Cancellation);
        Assert.True(durability.IsSynchronous);
        Assert.Equal("standby", Assert.Single(durability.Standbys).Name);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(log, 0, 1));
        }

        if (frozen)
        {
            _primary.Freeze();
        }
        else
        {
            _primary.Kill();
        }

        var append = Logs.AppendAsync(log, 0, 1);
        await Assert.ThrowsAsync<TimeoutException>(() => append.WaitAsync(TimeSpan.FromMilliseconds(500), Logs.Cancellation));

        // The new primary has no standby of its own; what it acknowledges now would be the operator's choice.
        _standby.Promote();
        var promoted = Stopwatch.GetTimestamp();
        Assert.Equal(AppendStatus.Appended, await append);
        var pause = Stopwatch.GetElapsedTime(promoted);
        TestContext.Current.TestOutputHelper?.WriteLine($"frozen: {frozen}; {pause.TotalMilliseconds:F0} ms after the promotion");
        Assert.InRange(pause, TimeSpan.Zero, TimeSpan.FromSeconds(20));

        Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(log, 0, 1));
        Assert.Equal(Enumerable.Range(0, 22).Select(i => (long)i), (await log.ReadToEndAsync(0)).Offsets);
        Assert.Equal(Enumerable.Range(0, 22).Select(i => (long)i), (await log.ReadToEndAsync(1)).Offsets);
    }

    [Fact]
    public async Task A_commit_that_did_not_wait_for_its_standby_is_not_acknowledged_before_the_standby_has_it()
    {
        var options = Options() with { Durability = DurabilityPolicy.SynchronousStandby };
        await using var log = await Logs.OpenOwnerAsync(options);
        Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(log, 0));
        _standby.Freeze();
        var epoch = log.Epoch(0);
        var append = Logs.AppendAsync(log, 0);
        _primary.WaitFor("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%locked AS%')");

        _primary.Execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%locked AS%'");

        // Everybody can see it now, and still it is not safe: the raise waits for the standby.
        _primary.WaitFor("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE 'UPDATE partition_head SET epoch%')");
        Assert.Equal(2, _primary.Query<long>($"SELECT next_offset FROM {options.Schema}.partition_head WHERE partition = 0"));
        Assert.False(append.IsCompleted);

        _standby.Thaw();
        Assert.Equal(AppendStatus.Appended, await append);
        Assert.Equal(epoch + 1, log.Epoch(0));
        Assert.Equal([0L, 1L], (await log.ReadToEndAsync(0)).Offsets);
    }

    private PostgresOptions Options() => SharedServer.OptionsFor(_primary) with
    {
        ConnectionString = $"Host=127.0.0.1:{_primary.Port},127.0.0.1:{_standby.Port};Username=postgres;Database=postgres",
    };
}
