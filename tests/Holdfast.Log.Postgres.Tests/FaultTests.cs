using Holdfast.Log.Partitions;
using Holdfast.Testing.Postgres;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>Real faults of a single server.</summary>
public sealed class FaultTests(SharedServer shared)
{
    private readonly PostgresServer _server = shared.Server;

    [Theory]
    [InlineData((int)Cut.BeforeRequest)]
    [InlineData((int)Cut.BeforeAnswer)]
    public async Task A_cut_connection_loses_nothing_and_stores_nothing_twice(int cut)
    {
        using var proxy = new CuttingProxy(_server.Port);
        await using var log = await Logs.OpenOwnerAsync(SharedServer.NewOptions() with { ConnectionString = proxy.ConnectionString });
        await Logs.AppendAsync(log, 0, 1);
        for (var i = 0; i < 5; i++)
        {
            var epoch = log.Epoch(0);
            proxy.CutNext((Cut)cut);
            Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(log, 0, 1));
            Assert.True(proxy.HasCut);
            Assert.True(log.Epoch(0) > epoch);
            Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(log, 0, 1));
        }

        Assert.Equal(Enumerable.Range(0, 11).Select(i => (long)i), (await log.ReadToEndAsync(0)).Offsets);
        Assert.Equal(Enumerable.Range(0, 11).Select(i => (long)i), (await log.ReadToEndAsync(1)).Offsets);
    }

    [Fact]
    public async Task A_backend_that_is_terminated_between_request_and_answer_loses_nothing()
    {
        var options = SharedServer.NewOptions();
        await using var log = await Logs.OpenOwnerAsync(options);
        await using var blocker = await HeadLock.TakeAsync(_server, options.Schema, partition: 1);
        var append = Logs.AppendAsync(log, 0, 1);
        _server.WaitFor(Waiting(options));

        _server.Execute($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%locked AS%'");
        await blocker.DisposeAsync();

        Assert.Equal(AppendStatus.Appended, await append);
        Assert.Equal([0L], (await log.ReadToEndAsync(0)).Offsets);
    }

    [Fact]
    public async Task A_lock_that_is_held_for_longer_than_the_time_out_delays_and_does_not_fail()
    {
        var options = SharedServer.NewOptions() with { LockTimeout = TimeSpan.FromMilliseconds(20) };
        await using var log = await Logs.OpenOwnerAsync(options);
        var epoch = log.Epoch(1);
        await using var blocker = await HeadLock.TakeAsync(_server, options.Schema, partition: 1);
        var append = Logs.AppendAsync(log, 1);
        _server.WaitFor(Waiting(options));
        _server.WaitFor($"SELECT NOT ({Waiting(options)[7..]})");
        _server.WaitFor(Waiting(options));
        await blocker.DisposeAsync();

        Assert.Equal(AppendStatus.Appended, await append);
        Assert.Equal(epoch, log.Epoch(1));
    }

    [Fact]
    public async Task A_server_that_is_killed_and_started_again_has_every_append_once()
    {
        using var server = PostgresServer.Create();
        var options = SharedServer.OptionsFor(server);
        await using var log = await Logs.OpenOwnerAsync(options);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(log, 0, 1, 2, 3));
            await using var blocker = await HeadLock.TakeAsync(server, options.Schema, partition: 3);
            var append = Logs.AppendAsync(log, 0, 3);
            server.WaitFor(Waiting(options));
            server.Kill();
            Assert.False(append.IsCompleted);
            server.Start();
            Assert.Equal(AppendStatus.Appended, await append);
        }

        Assert.Equal(Enumerable.Range(0, 6).Select(i => (long)i), (await log.ReadToEndAsync(0)).Offsets);
        Assert.Equal(Enumerable.Range(0, 6).Select(i => (long)i), (await log.ReadToEndAsync(3)).Offsets);
        Assert.Equal(Enumerable.Range(0, 3).Select(i => (long)i), (await log.ReadToEndAsync(1)).Offsets);
    }

    [Fact]
    public async Task A_frozen_server_that_thaws_is_waited_for()
    {
        using var server = PostgresServer.Create();
        await using var log = await Logs.OpenOwnerAsync(SharedServer.OptionsFor(server) with { SuspicionTime = TimeSpan.FromMilliseconds(50) });
        await Logs.AppendAsync(log, 0);
        server.Freeze();
        var append = Logs.AppendAsync(log, 0);
        await Assert.ThrowsAsync<TimeoutException>(() => append.WaitAsync(TimeSpan.FromMilliseconds(700), Logs.Cancellation));
        server.Thaw();

        Assert.Equal(AppendStatus.Appended, await append);
        Assert.Equal([0L, 1L], (await log.ReadToEndAsync(0)).Offsets);
    }

    [Fact]
    public async Task A_full_disk_is_told_and_leaves_nothing_behind()
    {
        var options = SharedServer.NewOptions();
        await using var log = await Logs.OpenOwnerAsync(options);

        // What the server says when a file cannot grow.
        _server.Execute(
            $"""
            CREATE FUNCTION {options.Schema}.no_room() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100'', MESSAGE = ''no space''; END';
            CREATE TRIGGER no_room BEFORE INSERT ON {options.Schema}.batch FOR EACH ROW EXECUTE FUNCTION {options.Schema}.no_room();
            """);
        Assert.Equal(AppendStatus.Full, await Logs.AppendAsync(log, 0, 1));
        Assert.Equal((0L, 0L), (log.CommittedOffset(0), _server.Query<long>($"SELECT sum(next_offset)::bigint FROM {options.Schema}.partition_head")));

        _server.Execute($"DROP TRIGGER no_room ON {options.Schema}.batch");
        Assert.Equal(AppendStatus.Appended, await Logs.AppendAsync(log, 0, 1));
    }

    [Fact]
    public async Task A_changed_body_is_reported_and_never_served()
    {
        var options = SharedServer.NewOptions();
        await using var log = await Logs.OpenOwnerAsync(options);
        for (var i = 0; i < 4; i++)
        {
            await Logs.AppendAsync(log, 2);
        }

        _server.Execute($"UPDATE {options.Schema}.batch SET body = set_byte(body, 30, get_byte(body, 30) # 1) WHERE base_offset = 1");
        _server.Execute($"DELETE FROM {options.Schema}.batch WHERE base_offset = 2");

        foreach (var keys in new HashSet<ulong>?[] { null, [1, 2, 3, 0] })
        {
            var content = await log.ReadToEndAsync(2, keys: keys);
            Assert.Equal([0L, 3L], content.Offsets);
            Assert.All(content.Gaps, gap => Assert.Equal(LogGapReason.Damaged, gap.Reason));
            Assert.Equal((1L, 3L), (content.Gaps[0].FromOffset, content.Gaps[^1].ToOffset));
        }

        Assert.Equal(2, log.GetStatistics().DamagedRecords);
    }

    private static string Waiting(PostgresOptions options) =>
        $"""
        SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE NOT l.granted AND a.query LIKE '%locked AS%' AND EXISTS (
                SELECT FROM pg_locks o WHERE o.pid = a.pid AND o.relation = '{options.Schema}.partition_head'::regclass))
        """;
}
