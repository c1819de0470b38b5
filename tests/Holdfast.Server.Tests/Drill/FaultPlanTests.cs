using Holdfast.Server.Drill.Faults;

namespace Holdfast.Server.Tests.Drill;

/// <summary>The plan of faults comes from the seed and nothing else.</summary>
public sealed class FaultPlanTests
{
    [Fact]
    public void The_same_seed_makes_the_same_faults_and_another_seed_others()
    {
        string first = Text(FaultPlan.Draw(7, 40, FaultKinds.All, FaultKinds.All));

        Assert.Equal(first, Text(FaultPlan.Draw(7, 40, FaultKinds.All, FaultKinds.All)));
        Assert.NotEqual(first, Text(FaultPlan.Draw(8, 40, FaultKinds.All, FaultKinds.All)));
    }

    [Fact]
    public void No_kind_comes_a_second_time_before_all_others_have_come()
    {
        IReadOnlyList<PlannedFault> plan = FaultPlan.Draw(1, FaultKinds.All.Count * 3, FaultKinds.All, FaultKinds.All);

        Assert.All(plan.Chunk(FaultKinds.All.Count), round => Assert.Equal(FaultKinds.All, round.Select(fault => fault.Kind).Order()));
    }

    [Fact]
    public void Several_faults_at_once_are_different_and_last_equally_long()
    {
        IReadOnlyList<PlannedFault> plan = FaultPlan.Draw(3, 400, FaultKinds.All, FaultKinds.All);

        IEnumerable<PlannedFault> several = plan.Where(fault => fault.Kind == FaultKind.Several);
        Assert.All(several, fault =>
        {
            Assert.Equal(2, fault.Parts.DistinctBy(part => part.Kind).Count());
            Assert.All(fault.Parts, part => Assert.Equal(fault.Hold, part.Hold));
            Assert.DoesNotContain(fault.Parts, part => part.Kind is FaultKind.Several or FaultKind.RollingRestart or FaultKind.ZoneDeath or FaultKind.LateAppend);
        });
    }

    [Fact]
    public void Several_faults_alone_have_parts_of_all_kinds_that_are_possible()
        => Assert.All(FaultPlan.Draw(3, 10, [FaultKind.Several], FaultKinds.All), fault => Assert.Equal(2, fault.Parts.Count));

    [Theory]
    [InlineData("NodeKill", "node-kill")]
    [InlineData("PrimaryCutFromNodes", "primary-cut-from-nodes")]
    [InlineData("Several", "several")]
    public void A_kind_has_a_name_of_words_with_hyphens(string kind, string name) => Assert.Equal(name, Enum.Parse<FaultKind>(kind).Name());

    private static string Text(IReadOnlyList<PlannedFault> plan)
        => string.Join('\n', plan.Select(fault => $"{fault.Kind} {fault.Target} {fault.Hold} [{string.Join(", ", fault.Parts)}]"));
}
