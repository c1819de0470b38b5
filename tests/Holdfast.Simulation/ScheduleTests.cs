using System.Globalization;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation;

/// <summary>
/// Thousands of schedules, each from its seed. <c>HOLDFAST_SCHEDULES</c> says how many, <c>HOLDFAST_SEED</c> replays one and prints what happened in it (docs/hacking.md).
/// </summary>
public sealed class ScheduleTests
{
    private const int DefaultSchedules = 2000;

    private static readonly int? Given = Number("HOLDFAST_SEED");

    private static int Schedules => Number("HOLDFAST_SCHEDULES") ?? DefaultSchedules;

    [Fact]
    public void Whatever_fails_nothing_acknowledged_is_lost_and_the_cluster_serves_again()
    {
        if (Given is { } seed)
        {
            Report(Schedule.Run(seed), isWhole: true);
            return;
        }

        var (acknowledged, events) = (0L, 0L);
        var failed = Search(Schedules, Breakage.None, verdict =>
        {
            Interlocked.Add(ref acknowledged, verdict.Acknowledged);
            Interlocked.Add(ref events, verdict.Events);
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{Schedules} schedules, {events} events, {acknowledged} acknowledged records");
        if (failed is not null)
        {
            Report(failed, isWhole: false);
        }

        Assert.True(acknowledged > Schedules * 10L, $"Only {acknowledged} records were acknowledged: the schedules show nothing.");
    }

    [Fact]
    public void The_same_seed_is_the_same_schedule()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            Assert.Equal(Schedule.Run(seed).Fingerprint, Schedule.Run(seed).Fingerprint);
        }
    }

    [Theory]
    [InlineData(Breakage.EpochNotCompared)]
    [InlineData(Breakage.AcknowledgedBeforeCommit)]
    [InlineData(Breakage.ProofForgotten)]
    [InlineData(Breakage.FencedSenderAccepted)]
    [InlineData(Breakage.NewNumberWhenRepeated)]
    [InlineData(Breakage.ResolvedByReading)]
    [InlineData(Breakage.GapsDelivered)]
    [InlineData(Breakage.UncommittedCheckpoint)]
    public void What_is_broken_on_purpose_is_found(Breakage breakage)
    {
        var found = Search(DefaultSchedules, breakage, _ => { });
        Assert.True(found is not null, $"{breakage} was not found in {DefaultSchedules} schedules.");
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {found.Seed}: {found.Failures[0]}");
    }

    /// <summary>Runs schedules on all processors until one fails.</summary>
    private static Verdict? Search(int schedules, Breakage breakage, Action<Verdict> onVerdict)
    {
        Verdict? failed = null;
        Parallel.For(0, schedules, (seed, state) =>
        {
            var verdict = Schedule.Run(seed, breakage);
            onVerdict(verdict);
            if (verdict.Failures.Count > 0)
            {
                Interlocked.CompareExchange(ref failed, verdict, null);
                state.Stop();
            }
        });
        return failed;
    }

    private static void Report(Verdict verdict, bool isWhole)
    {
        if (isWhole)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', verdict.Notes));
        }

        Assert.True(
            verdict.Failures.Count == 0,
            $"Seed {verdict.Seed}: {string.Join(" ", verdict.Failures)}\nReplay it: HOLDFAST_SEED={verdict.Seed} dotnet run -c Release --project tests/Holdfast.Simulation -- -method '*Whatever_fails*' -showLiveOutput\n"
            + string.Join('\n', verdict.Notes.TakeLast(60)));
    }

    private static int? Number(string variable)
        => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
