using Holdfast.Crash.Checks;
using Holdfast.Crash.Processes;

namespace Holdfast.Crash;

/// <summary>A kill cannot show a missing flush; the system calls can.</summary>
public sealed class FlushTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact(Timeout = 300_000)]
    public async Task Every_acknowledgement_follows_a_flush_of_its_bytes()
    {
        var verdict = await FlushCheck.RunAsync(new ServerArguments(_directory.Data), _directory.Trace, TestContext.Current.CancellationToken);

        Assert.Empty(verdict.Violations);
        Assert.Equal(FlushCheck.Messages, verdict.Acknowledgements);
    }
}
