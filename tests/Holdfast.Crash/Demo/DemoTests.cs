using System.Diagnostics;
using Holdfast.Crash.Processes;

namespace Holdfast.Crash.Demo;

/// <summary>The demonstration's word is checked by its journals.</summary>
public sealed class DemoTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact(Timeout = 300_000)]
    public async Task The_journals_of_the_demonstration_confirm_what_it_says()
    {
        var cancellation = TestContext.Current.CancellationToken;
        string[] command = [Repository.ServerDll, "demo", "--seconds", "6", "--journal", _directory.Journals];
        using var demo = Process.Start(new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = demo.StandardError.ReadToEndAsync(cancellation);
        var output = await demo.StandardOutput.ReadToEndAsync(cancellation);
        await demo.WaitForExitAsync(cancellation);

        Assert.True(demo.ExitCode == 0, output + await errors);
        var verdict = JournalChecker.Check(DemoJournals.Read(_directory.Journals));
        TestContext.Current.SendDiagnosticMessage(verdict.ToString());
        Assert.True(verdict.Violations.Count == 0, verdict.ToString());
        Assert.InRange(verdict.Acknowledged, 100, int.MaxValue);
        Assert.InRange(verdict.Republished, 1, int.MaxValue);
        Assert.Equal(["subscriber", "webhook"], verdict.Received.Keys.Order());
    }
}
