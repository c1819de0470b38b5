using Holdfast.Crash.Clients;

namespace Holdfast.Crash.Checks;

/// <summary>Mixed load on a server that is killed at random moments, counted in acknowledgements; then everything drains, and the journals are judged.</summary>
internal static class KillCheck
{
    private const int PublishersOfEachKind = 2;

    /// <summary>Some lives end after their first acknowledgement, some outlive several checkpoints.</summary>
    private const int MostAcknowledgementsInALife = 6_000;

    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(120);

    public static async Task<Verdict> RunAsync(ServerArguments arguments, string journals, int kills, int seed, CancellationToken cancellationToken, bool killsReceiver = false)
    {
        var random = new Random(seed);
        using var journal = new Journal(journals);
        await using var load = await Load.CreateAsync(journal, PublishersOfEachKind, seed);
        var server = await ServerProcess.StartAsync(arguments);
        try
        {
            await load.SubscribeAsync(server, arguments.Data, cancellationToken);
            _ = load.PublishAsync(int.MaxValue);
            for (var kill = 0; kill < kills; kill++)
            {
                await load.UntilAsync(load.AcknowledgementsAsync(LengthOfLife(random)), server, cancellationToken);
                if (killsReceiver && random.Next(3) > 0)
                {
                    await load.Webhook.KillAndRestartAsync();
                    await load.UntilAsync(load.AcknowledgementsAsync(LengthOfLife(random)), server, cancellationToken);
                }

                journal.Write("server", JournalAction.Killed);
                await server.KillAsync();
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(arguments);
                load.Address.Announce(server.MqttPort);
            }

            await DrainAsync(load, server, cancellationToken);
            await server.TerminateAsync();
        }
        finally
        {
            await server.DisposeAsync();
        }

        return JournalChecker.Check(journal.Read());
    }

    /// <summary>Each order of magnitude is as likely as the others.</summary>
    private static int LengthOfLife(Random random) => (int)Math.Pow(MostAcknowledgementsInALife, random.NextDouble());

    private static async Task DrainAsync(Load load, ServerProcess server, CancellationToken cancellationToken)
    {
        try
        {
            await load.UntilAsync(load.DrainAsync().WaitAsync(DrainLimit, cancellationToken), server, cancellationToken);
        }
        catch (TimeoutException)
        {
            // What is missing now is lost, as far as anybody can tell: the journals show it.
            TestContext.Current.SendDiagnosticMessage($"The run did not drain in {DrainLimit}.\n{server.Output}");
        }
    }
}
