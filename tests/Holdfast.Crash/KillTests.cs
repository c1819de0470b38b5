using Holdfast.Crash.Clients;
using Holdfast.Crash.Journals;
using Holdfast.Crash.Processes;

namespace Holdfast.Crash;

/// <summary>The main promise, on real processes: what was acknowledged survives every kill and reaches every consumer, in order.</summary>
public sealed class KillTests : IDisposable
{
    private const int Kills = 25;
    private const int PublishersOfEachKind = 2;
    private const int MostAcknowledgementsBetweenKills = 600;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact(Timeout = 240_000)]
    public async Task Nothing_acknowledged_is_lost_when_the_server_is_killed_at_random_moments()
    {
        var seed = Seed.Choose();
        var verdict = await RunAsync(new ServerArguments(_directory.Data), Kills, seed, TestContext.Current.CancellationToken);

        Assert.True(verdict.Violations.Count == 0, $"{verdict}\n{Seed.Replay(seed)}");
        Assert.InRange(verdict.Acknowledged, Kills, int.MaxValue);
        Assert.Equal(4, verdict.Received.Count);
        Assert.All(verdict.Received.Values, received => Assert.InRange(received, verdict.Acknowledged, verdict.Published));
    }

    private async Task<Verdict> RunAsync(ServerArguments arguments, int kills, int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        using var journal = new Journal(_directory.Journals);
        await using var load = await Load.CreateAsync(journal, PublishersOfEachKind, seed: seed);
        var server = await ServerProcess.StartAsync(arguments);
        try
        {
            load.Address.Announce(server.MqttPort);
            await HttpSide.AddWebhookAsync(server, arguments.Data, load.Webhook.Url, JournalingSubscriber.AllEvents, cancellationToken);
            load.Webhook.WriteSubscribed(JournalingSubscriber.AllEvents);
            await load.SubscribedAsync().WaitAsync(cancellationToken);
            _ = load.PublishAsync(int.MaxValue);
            for (var kill = 0; kill < kills; kill++)
            {
                await load.AcknowledgementsAsync(random.Next(1, MostAcknowledgementsBetweenKills)).WaitAsync(cancellationToken);
                journal.Write("server", JournalAction.Killed);
                await server.KillAsync();
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(arguments);
                load.Address.Announce(server.MqttPort);
            }

            await load.DrainAsync(cancellationToken);
            await server.TerminateAsync();
        }
        catch (OperationCanceledException)
        {
            TestContext.Current.SendDiagnosticMessage($"The run did not drain.\n{server.Output}");
        }
        finally
        {
            await server.DisposeAsync();
        }

        return JournalChecker.Check(journal.Read());
    }
}
