using System.Collections.Concurrent;
using System.Net;
using Holdfast.Mqtt;
using Holdfast.Server.Drill.Clients;
using Holdfast.Server.Drill.Judging;
using Holdfast.Testing;

namespace Holdfast.Server.Tests.Serving;

/// <summary>Three nodes as processes with one database; a shared subscription has a member on each, and one node is killed while messages come.</summary>
public sealed class SharedSubscriptionServeTests
{
    private const string Filter = "$share/group/devices/+/events/#";
    private const int Publishers = 6;
    private const int MessagesOfEach = 150;

    private readonly ConcurrentBag<(string Publisher, long Sequence)> _acknowledged = [];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Every_acknowledged_message_reaches_the_group_although_a_node_is_killed(QualityOfService qualityOfService)
    {
        using var cluster = await ServedCluster.CreateAsync();
        await using var a = await cluster.StartAsync("a");
        await using var b = await cluster.StartAsync("b");
        await using var c = await cluster.StartAsync("c");
        ServerProcess[] nodes = [a, b, c];
        IPEndPoint[] addresses = [.. nodes.Select(node => new IPEndPoint(IPAddress.Loopback, node.MqttPort))];
        using var journal = new Journal(cluster.Directory.Below("journal"));
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        JournalingSubscriber[] members = [.. addresses.Select((home, number) => new JournalingSubscriber(
            $"member-{number}", ProtocolVersion.Mqtt5, qualityOfService, new HomeRoute(home, addresses), journal, Filter))];
        JournalingPublisher[] publishers = [.. Enumerable.Range(0, Publishers).Select(number => new JournalingPublisher(
            $"publisher-{number}", ProtocolVersion.Mqtt5, qualityOfService, new HomeRoute(addresses[number % 3], addresses), journal)
        {
            Stream = qualityOfService == QualityOfService.AtLeastOnce ? $"{number}" : null,
        })];
        Task[] running = [.. members.Select(client => client.RunAsync(stopping.Token)), .. publishers.Select(client => client.RunAsync(stopping.Token))];
        await Task.WhenAll(members.Select(member => member.Subscribed)).WaitAsync(Limit, Cancellation);
        Array.ForEach(publishers, publisher => publisher.Acknowledged += _acknowledged.Add);

        // The first member's node keeps everything until the others have their part.
        do
        {
            await PublishAsync(publishers);
            await WhenAllHaveArrivedAsync(journal);
        }
        while (!members.All(member => journal.Read().Any(entry => entry.Client == member.Name && entry.Action == JournalAction.Received)));

        var publishing = PublishAsync(publishers);
        await nodes[2].KillAsync();
        await publishing;
        await WhenAllHaveArrivedAsync(journal);

        await stopping.CancelAsync();
        await Task.WhenAll(running);
        var received = journal.Read().Where(entry => entry.Action == JournalAction.Received).ToList();
        var doubles = received.Count - received.Select(entry => (entry.Publisher, entry.Sequence)).Distinct().Count();
        TestContext.Current.TestOutputHelper?.WriteLine($"{_acknowledged.Distinct().Count()} acknowledged, {received.Count} received, {doubles} twice");
        Assert.True(qualityOfService == QualityOfService.AtLeastOnce || doubles == 0, $"{doubles} messages came twice");
    }

    private static Task PublishAsync(JournalingPublisher[] publishers) => Task.WhenAll(publishers.Select(publisher => publisher.PublishAsync(MessagesOfEach))).WaitAsync(Limit, Cancellation);

    /// <summary>Waits until the group has every message that was acknowledged.</summary>
    private async Task WhenAllHaveArrivedAsync(Journal journal)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        for (var left = TimeSpan.FromSeconds(120); Missing(journal) is { Count: > 0 } missing; left -= timer.Period)
        {
            Assert.True(left > TimeSpan.Zero, $"{missing.Count} acknowledged messages have not reached the group, among them {missing.First()}");
            await timer.WaitForNextTickAsync(Cancellation);
        }
    }

    private HashSet<(string Publisher, long Sequence)> Missing(Journal journal)
    {
        var missing = _acknowledged.ToHashSet();
        missing.ExceptWith(journal.Read().Where(entry => entry.Action == JournalAction.Received && entry.Publisher is not null).Select(entry => (entry.Publisher!, entry.Sequence)));
        return missing;
    }

    /// <summary>First to one node; after that to any other than the last, as devices do: on a busy machine also a node that was not killed may be taken for dead.</summary>
    private sealed class HomeRoute(IPEndPoint home, IPEndPoint[] all) : IRoute
    {
        private readonly DeviceRoute _elsewhere = new(all, seed: 1, TimeProvider.System);

        public Task<IPEndPoint> NextAsync(ConnectionEnd? last, CancellationToken cancellationToken)
            => last is null ? Task.FromResult(home) : _elsewhere.NextAsync(last, cancellationToken);
    }
}
