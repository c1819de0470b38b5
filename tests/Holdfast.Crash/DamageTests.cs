using Holdfast.Crash.Clients;
using Holdfast.Crash.Processes;
using Holdfast.Mqtt;

namespace Holdfast.Crash;

/// <summary>What power cuts and ageing disks do to the files between two runs.</summary>
public sealed class DamageTests : IDisposable
{
    private const int Messages = 200;
    private const int LongestTear = 5_000;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact(Timeout = 300_000)]
    public async Task A_torn_last_write_is_cut_off_and_nothing_acknowledged_is_lost()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var seed = Seed.Choose();
        var random = new Random(seed);
        using var journal = new Journal(_directory.Journals);
        await using var load = await Load.CreateAsync(journal, publishersOfEachKind: 1);
        var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Data));
        await load.SubscribeAsync(server, _directory.Data, cancellation);
        _ = load.PublishAsync(int.MaxValue);
        foreach (var isGarbage in new[] { true, false, true, false })
        {
            await load.UntilAsync(load.AcknowledgementsAsync(Messages), server, cancellation);
            await server.KillAsync();
            await server.DisposeAsync();
            var segment = SegmentFile.Newest(_directory.Data);
            var torn = isGarbage ? new byte[random.Next(1, LongestTear)] : segment.Beginning(random.Next(1, LongestTear));
            if (isGarbage)
            {
                random.NextBytes(torn);
            }

            segment.Tear(torn);
            server = await ServerProcess.StartAsync(new ServerArguments(_directory.Data));
            load.Address.Announce(server.MqttPort);
        }

        await load.UntilAsync(load.DrainAsync(), server, cancellation);
        await server.TerminateAsync();
        await server.DisposeAsync();
        var verdict = JournalChecker.Check(journal.Read());
        Assert.True(verdict.Violations.Count == 0, $"{verdict}\n{Seed.Replay(seed)}");
    }

    [Theory(Timeout = 300_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_flipped_bit_is_reported_with_its_place_and_never_served(bool isStoppedInOrder)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var seed = Seed.Choose();
        var random = new Random(seed);
        using var journal = new Journal(_directory.Journals);
        var address = new ServerAddress();
        var publisher = new JournalingPublisher("p", ProtocolVersion.Mqtt5, QualityOfService.AtLeastOnce, address.Route(), journal);
        var subscriber = new JournalingSubscriber("s", ProtocolVersion.Mqtt5, QualityOfService.AtLeastOnce, address.Route(), journal);
        await using (var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Data)))
        {
            address.Announce(server.MqttPort);
            await RunAsync(subscriber, subscriber.Subscribed, cancellation);
            await RunAsync(publisher, publisher.PublishAsync(Messages), cancellation);
            await (isStoppedInOrder ? server.TerminateAsync() : server.KillAsync());
        }

        var segment = SegmentFile.Newest(_directory.Data);
        segment.FlipBit(random);

        await using var restarted = await ServerProcess.StartAsync(new ServerArguments(_directory.Data));
        address.Announce(restarted.MqttPort);
        await RunAsync(subscriber, subscriber.Deliveries.WaitForAsync([("p", Messages)]), cancellation);
        await restarted.TerminateAsync();

        Assert.Contains(segment.Name, restarted.Output, StringComparison.Ordinal);
        Assert.Contains("Damage", restarted.Output, StringComparison.OrdinalIgnoreCase);
        var verdict = JournalChecker.Check(journal.Read());
        Assert.All(verdict.Violations, violation => Assert.Equal(ViolationKind.Lost, violation.Kind));
        Assert.InRange(verdict.Violations.Count, 1, Messages / 2);
    }

    /// <summary>Runs a client until something is reached, and lets its connection go.</summary>
    private static async Task RunAsync(JournalingClient client, Task goal, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = client.RunAsync(stopping.Token);
        await await Task.WhenAny(goal, running);
        await stopping.CancelAsync();
        await running;
    }
}
