using Holdfast.Crash.Checks;
using Holdfast.Crash.Processes;

namespace Holdfast.Crash.Mutants;

/// <summary>Broken builds must fail the checks: otherwise the checks prove nothing.</summary>
[Trait("Category", "Long")]
public sealed class MutantTests(MutantTree tree) : IClassFixture<MutantTree>, IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public Task Acknowledgement_before_commit_is_found() => AssertFoundByTraceAsync(Mutant.AcknowledgementBeforeCommit);

    [Fact]
    public Task A_removed_flush_is_found() => AssertFoundByTraceAsync(Mutant.FlushRemoved);

    [Fact]
    public Task A_session_cursor_that_is_not_written_is_found() => AssertFoundByRestartAsync(Mutant.SessionCursorNotWritten);

    [Fact]
    public Task An_integration_cursor_that_is_not_written_is_found() => AssertFoundByRestartAsync(Mutant.IntegrationCursorNotWritten);

    private async Task AssertFoundByTraceAsync(Mutant mutant)
    {
        var arguments = new ServerArguments(_directory.Data) { Dll = await tree.BuildAsync(mutant) };
        var verdict = await FlushCheck.RunAsync(arguments, _directory.Trace, TestContext.Current.CancellationToken);

        Assert.NotEmpty(verdict.Violations);
        Assert.Equal(FlushCheck.Messages, verdict.Acknowledgements);
    }

    private async Task AssertFoundByRestartAsync(Mutant mutant)
    {
        var arguments = new ServerArguments(_directory.Data) { Dll = await tree.BuildAsync(mutant) };
        var verdict = await OrderlyRestartCheck.RunAsync(arguments, _directory.Journals, TestContext.Current.CancellationToken);

        Assert.Contains(verdict.Violations, violation => violation.Kind is ViolationKind.Redelivered or ViolationKind.Duplicated);
    }
}
