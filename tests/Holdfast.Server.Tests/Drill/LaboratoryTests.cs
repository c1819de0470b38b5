using System.Collections.Concurrent;
using System.Diagnostics;
using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Tests.Drill;

/// <summary>The laboratory with its real database: it starts, fails over, and leaves nothing behind.</summary>
[Trait("Category", "Long")]
public sealed class LaboratoryTests
{
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

    private static TimeSpan LongestPause(IReadOnlyCollection<(string Server, long At)> commits)
        => commits.Zip(commits.Skip(1)).Max(pair => Stopwatch.GetElapsedTime(pair.First.At, pair.Second.At));
}
