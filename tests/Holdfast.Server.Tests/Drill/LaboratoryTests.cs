using System.Collections.Concurrent;
using System.Diagnostics;
using Holdfast.Server.Drill.Lab;
using Npgsql;

namespace Holdfast.Server.Tests.Drill;

/// <summary>The laboratory with its real database: it starts, fails over, and leaves nothing behind.</summary>
[Trait("Category", "Long")]
public sealed class LaboratoryTests
{
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory(Timeout = 300_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_the_death_of_the_primary_a_standby_takes_commits_and_nothing_is_left_in_the_end(bool useNamespaces)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var commits = new ConcurrentQueue<(string Server, long At)>();
        string root;
        await using (var laboratory = await Laboratory.CreateAsync(Path.GetTempPath(), LabPrograms.Find(), useNamespaces))
        {
            root = laboratory.Root;
            await laboratory.Database.StartAsync(cancellation);
            DatabaseMember old = await laboratory.Database.FindPrimaryAsync(cancellation);
            TaskCompletionSource here = new(TaskCreationOptions.RunContinuationsAsynchronously), elsewhere = new(TaskCreationOptions.RunContinuationsAsynchronously);
            var probe = new DatabaseProbe(
                laboratory.Database,
                server =>
                {
                    commits.Enqueue((server, Stopwatch.GetTimestamp()));
                    (server == old.Machine.Name ? here : elsewhere).TrySetResult();
                },
                TimeProvider.System);
            await probe.PrepareAsync(cancellation);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            Task probing = probe.RunAsync(stop.Token);

            await here.Task.WaitAsync(Patience, cancellation);
            await old.KillServerAsync(cancellation);
            await elsewhere.Task.WaitAsync(Patience, cancellation);
            old.Start();
            await laboratory.Database.WaitUntilHealthyAsync(cancellation);

            Assert.NotEqual(old.Machine.Name, (await laboratory.Database.FindPrimaryAsync(cancellation)).Machine.Name);
            await stop.CancelAsync();
            await probing;
        }

        TestContext.Current.SendDiagnosticMessage($"no commit for {LongestPause(commits).TotalSeconds:0.00} s");
        Assert.False(Directory.Exists(root));
        Assert.Empty(ProcessTable.Below(root));
    }

    [Fact(Timeout = 300_000)]
    public async Task A_slow_network_delays_replication_and_a_cut_one_moves_the_primary()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var laboratory = await Laboratory.CreateAsync(Path.GetTempPath(), LabPrograms.Find(), useNamespaces: true);
        await laboratory.Database.StartAsync(cancellation);
        DatabaseMember old = await laboratory.Database.FindPrimaryAsync(cancellation);
        await using (var connection = new NpgsqlConnection(LabDatabase.ConnectionTo([old]) + ";Pooling=false"))
        {
            await connection.OpenAsync(cancellation);
            await ExecuteAsync(connection, "CREATE TABLE t AS SELECT 0 AS n");

            await laboratory.Network.DelayAsync(OneWay);
            TimeSpan slow = await ExecuteAsync(connection, "UPDATE t SET n = n + 1");
            await laboratory.Network.HealAsync();

            Assert.True(slow >= OneWay * 2, $"a synchronous commit took {slow.TotalMilliseconds} ms");
        }

        foreach (DatabaseMember other in laboratory.Database.Members.Where(member => member != old))
        {
            await laboratory.Network.CutAsync(old.Machine, other.Machine);
        }

        DatabaseRoles? roles;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            roles = await laboratory.Database.FindRolesAsync(cancellation);
        }
        while (roles?.Primary is null || roles.Primary == old.Machine.Name);

        await laboratory.Network.HealAsync();
        await laboratory.Database.WaitUntilHealthyAsync(cancellation);
    }

    private static async Task<TimeSpan> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        long begin = Stopwatch.GetTimestamp();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return Stopwatch.GetElapsedTime(begin);
    }

    private static TimeSpan LongestPause(IReadOnlyCollection<(string Server, long At)> commits)
        => commits.Zip(commits.Skip(1)).Max(pair => Stopwatch.GetElapsedTime(pair.First.At, pair.Second.At));
}
