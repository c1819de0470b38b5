using Holdfast.Crash.Checks;
using Holdfast.Crash.Processes;

namespace Holdfast.Crash;

/// <summary>The main promise, on real processes: what was acknowledged survives every kill and reaches every consumer, in order.</summary>
public sealed class KillTests : IDisposable
{
    private const int Kills = 25;
    private const int Consumers = 4;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact(Timeout = 300_000)]
    public async Task Kill_at_random_moments()
    {
        var seed = Seed.Choose();

        // Small segments, so that kills also meet the change from one to the next.
        var arguments = new ServerArguments(_directory.Data) { Options = ["--segment-bytes", "256KiB"] };
        var verdict = await KillCheck.RunAsync(arguments, _directory.Journals, Kills, seed, TestContext.Current.CancellationToken);

        TestContext.Current.SendDiagnosticMessage(verdict.ToString());
        Assert.True(verdict.Violations.Count == 0, $"{verdict}\n{Seed.Replay(seed)}");
        Assert.InRange(verdict.Acknowledged, Kills, int.MaxValue);
        Assert.InRange(verdict.Republished, Kills, int.MaxValue);
        Assert.Equal(Consumers, verdict.Received.Count);
        Assert.All(verdict.Received.Values, received => Assert.InRange(received, verdict.Acknowledged, verdict.Published));
    }

    [Fact(Timeout = 300_000)]
    public async Task Kill_the_server_and_the_receiver_of_its_webhook_at_random_moments()
    {
        const int FewerKills = 12;
        var seed = Seed.Choose();
        var arguments = new ServerArguments(_directory.Data) { Options = ["--segment-bytes", "256KiB"] };
        var verdict = await KillCheck.RunAsync(arguments, _directory.Journals, FewerKills, seed, TestContext.Current.CancellationToken, killsReceiver: true);

        TestContext.Current.SendDiagnosticMessage(verdict.ToString());
        Assert.True(verdict.Violations.Count == 0, $"{verdict}\n{Seed.Replay(seed)}");
        Assert.All(verdict.Received.Values, received => Assert.InRange(received, verdict.Acknowledged, verdict.Published));
    }

    [Fact(Timeout = 300_000)]
    public async Task Nothing_confirmed_before_an_orderly_stop_is_delivered_again()
    {
        var arguments = new ServerArguments(_directory.Data);
        var verdict = await OrderlyRestartCheck.RunAsync(arguments, _directory.Journals, TestContext.Current.CancellationToken);

        Assert.True(verdict.Violations.Count == 0, verdict.ToString());
        Assert.All(verdict.Received.Values, received => Assert.Equal(verdict.Acknowledged, received));
    }
}
