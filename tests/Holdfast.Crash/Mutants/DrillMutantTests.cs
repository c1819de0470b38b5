using System.Diagnostics;
using System.Text.Json;

namespace Holdfast.Crash.Mutants;

/// <summary>Broken builds of a cluster must fail the drill. Needs what the drill needs.</summary>
[Trait("Category", "Long")]
public sealed class DrillMutantTests(MutantTree tree) : IClassFixture<MutantTree>
{
    /// <summary>So many messages that some are always on their way when a node dies.</summary>
    private static readonly string[] Load = ["--publishers", "8", "--interval", "40ms"];

    [Fact]
    public async Task Acknowledgement_before_commit_is_found() => Assert.NotEmpty(await DrillAsync(Mutant.AcknowledgementBeforeCommit, "owner-kill", faults: 5));

    [Fact]
    public async Task A_skipped_fence_is_found() => Assert.NotEmpty(await DrillAsync(Mutant.FenceSkipped, "late-append", faults: 3));

    [Fact]
    public async Task A_lost_cursor_is_found()
        => Assert.Contains(await DrillAsync(Mutant.CursorRunsAhead, "node-kill", faults: 3), violation => violation.StartsWith("Lost", StringComparison.Ordinal));

    /// <returns>The violations; where there are none, how many nodes ended by themselves. A drill that could not begin has found nothing.</returns>
    private async Task<IReadOnlyList<string>> DrillAsync(Mutant mutant, string kind, int faults)
    {
        var server = await tree.BuildAsync(mutant);
        string[] arguments = [server, "drill", "--kind", kind, "--faults", $"{faults}", "--seed", "1", "--json", .. Load];
        using var drill = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var reading = drill.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var progress = await drill.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await drill.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(drill.ExitCode == 1, $"'{mutant}' was not found.\n{progress}");
        using var report = JsonDocument.Parse(await reading);
        TestContext.Current.TestOutputHelper?.WriteLine($"{mutant}: {report.RootElement.GetProperty("problem").GetString()}");
        var violations = report.RootElement.GetProperty("violations").EnumerateArray().Select(violation => violation.GetString()!).ToList();
        var nodesFallen = report.RootElement.GetProperty("nodesFallen").GetInt32();
        return violations.Count > 0 || nodesFallen == 0 ? violations : [$"{nodesFallen} nodes ended by themselves"];
    }
}
