using Holdfast.Crash.Clients;
using Holdfast.Crash.Journals;
using Holdfast.Crash.Processes;

namespace Holdfast.Crash;

/// <summary>An orderly stop writes exact cursors: nobody gets anything again.</summary>
public sealed class OrderlyRestartTests : IDisposable
{
    private const int MessagesBefore = 200;
    private const int MessagesAfter = 10;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Nothing_confirmed_before_an_orderly_stop_is_delivered_again()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var arguments = new ServerArguments(_directory.Data);
        using var journal = new Journal(_directory.Journals);
        await using (var load = await Load.CreateAsync(journal, publishersOfEachKind: 1))
        {
            await using (var server = await ServerProcess.StartAsync(arguments))
            {
                load.Address.Announce(server.MqttPort);
                await HttpSide.AddWebhookAsync(server, arguments.Data, load.Webhook.Url, JournalingSubscriber.AllEvents, cancellationToken);
                load.Webhook.WriteSubscribed(JournalingSubscriber.AllEvents);
                await load.SubscribedAsync().WaitAsync(cancellationToken);
                await load.PublishAsync(MessagesBefore).WaitAsync(cancellationToken);
                await load.DrainAsync(cancellationToken);
                await load.SettleAsync(cancellationToken);
                await server.TerminateAsync();
                journal.Write("server", JournalAction.Stopped);
            }

            await using (var server = await ServerProcess.StartAsync(arguments))
            {
                load.Address.Announce(server.MqttPort);

                // What is delivered again comes before these, on the same topics.
                await load.PublishAsync(MessagesAfter).WaitAsync(cancellationToken);
                await load.DrainAsync(cancellationToken);
                await server.TerminateAsync();
            }
        }

        var verdict = JournalChecker.Check(journal.Read());
        Assert.True(verdict.Violations.Count == 0, verdict.ToString());
        Assert.Equal(2 * (MessagesBefore + MessagesAfter), verdict.Acknowledged);
    }
}
