using Holdfast.Crash.Clients;

namespace Holdfast.Crash.Checks;

/// <summary>Everything is delivered and confirmed; the server is stopped in order and started again; more is published on the same topics.</summary>
internal static class OrderlyRestartCheck
{
    private const int MessagesBefore = 200;
    private const int MessagesAfter = 10;

    public static async Task<Verdict> RunAsync(ServerArguments arguments, string journals, CancellationToken cancellationToken)
    {
        using var journal = new Journal(journals);
        await using var load = await Load.CreateAsync(journal, publishersOfEachKind: 1);
        await using (var server = await ServerProcess.StartAsync(arguments))
        {
            await load.SubscribeAsync(server, arguments.Data, cancellationToken);
            await load.UntilAsync(load.PublishAsync(MessagesBefore), server, cancellationToken);
            await load.UntilAsync(load.DrainAsync(), server, cancellationToken);
            await load.UntilAsync(load.SettleAsync(), server, cancellationToken);
            await server.TerminateAsync();
            journal.Write("server", JournalAction.Stopped);
        }

        await using (var server = await ServerProcess.StartAsync(arguments))
        {
            load.Address.Announce(server.MqttPort);

            // What is delivered again comes before these, on the same topics.
            await load.UntilAsync(load.PublishAsync(MessagesAfter), server, cancellationToken);
            await load.UntilAsync(load.DrainAsync(), server, cancellationToken);
            await server.TerminateAsync();
        }

        return JournalChecker.Check(journal.Read());
    }
}
