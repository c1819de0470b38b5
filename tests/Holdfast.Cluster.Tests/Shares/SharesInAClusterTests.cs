using Holdfast.Broker.Tests.Harness;
using Holdfast.Cluster.Tests.Sessions;
using Holdfast.Mqtt;

namespace Holdfast.Cluster.Tests.Shares;

/// <summary>Members of one shared subscription on two nodes, of which one may die.</summary>
public sealed class SharesInAClusterTests : IAsyncLifetime
{
    private const string Filter = "$share/g/t/#";
    private const int Messages = 40;

    private SessionCluster _cluster = null!;
    private TestNode _a = null!;
    private TestNode _b = null!;
    private TestClient _publisher = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await SessionCluster.StartAsync();
        (_a, _b) = (await _cluster.AddAsync("a"), await _cluster.AddAsync("b"));
        _publisher = await _b.ConnectAsync("publisher");
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Each_message_goes_to_one_member_on_whatever_node(QualityOfService qualityOfService)
    {
        var (one, other) = (await JoinAsync(_a, "one", qualityOfService), await JoinAsync(_b, "other", qualityOfService));
        await _cluster.DecideAboutSharesAsync();

        var published = await PublishAsync(0, Messages, qualityOfService);

        var received = await ReceiveAsync(published.Count, one, other);
        Assert.Equal(published, received.Select(message => message.Payload).Order(StringComparer.Ordinal));
        Assert.All([one, other], client => Assert.Contains(received, message => message.Client == client));
        await AssertNothingMoreAsync(one, other);
    }

    [Fact]
    public async Task What_a_member_that_left_has_not_confirmed_comes_to_one_on_another_node()
    {
        var (one, other) = (await JoinAsync(_a, "one", QualityOfService.AtLeastOnce), await JoinAsync(_b, "other", QualityOfService.AtLeastOnce));
        await _cluster.DecideAboutSharesAsync();
        var published = await PublishAsync(0, Messages);
        await Limit.UntilAsync(() => one.Output.Waiting().Any(), "a message came to the one");

        await one.LoseAsync();
        await _cluster.DecideAboutSharesAsync();

        var received = await ReceiveAsync(published.Count, other);
        Assert.Equal(published, received.Select(message => message.Payload).Order(StringComparer.Ordinal));
        await AssertNothingMoreAsync(other);
    }

    [Fact]
    public async Task A_share_whose_last_member_is_away_waits_for_one_on_any_node()
    {
        var one = await JoinAsync(_a, "one", QualityOfService.AtLeastOnce);
        await _cluster.DecideAboutSharesAsync();
        await one.LoseAsync();
        await _cluster.DecideAboutSharesAsync();
        var published = await PublishAsync(0, Messages);

        one = await _b.ConnectAsync("one");
        await _cluster.DecideAboutSharesAsync();

        Assert.Equal(published, (await ReceiveAsync(published.Count, one)).Select(message => message.Payload).Order(StringComparer.Ordinal));
        await AssertNothingMoreAsync(one);
    }

    [Fact]
    public async Task Nothing_is_missing_after_the_death_of_a_node_and_what_it_had_confirmed_does_not_come_again()
    {
        var (one, other) = (await JoinAsync(_a, "one", QualityOfService.AtLeastOnce), await JoinAsync(_b, "other", QualityOfService.AtLeastOnce));
        await _cluster.DecideAboutSharesAsync();
        var confirmed = await PublishAsync(0, Messages);
        await ReceiveAsync(confirmed.Count, one, other);
        await _a.Marks.RunOnceAsync();
        var unconfirmed = await PublishAsync(Messages, Messages);
        await Limit.UntilAsync(() => one.Output.Waiting().Any(), "a message came to the one");

        await _a.KillAsync();
        var afterwards = await PublishAsync(2 * Messages, Messages);
        await _cluster.DecideAboutSharesAsync();

        var received = await ReceiveAsync(unconfirmed.Count + afterwards.Count, other);
        Assert.Equal([.. unconfirmed, .. afterwards], received.Select(message => message.Payload).Order(StringComparer.Ordinal));
        await AssertNothingMoreAsync(other);
    }

    [Fact]
    public async Task Exactly_once_stays_with_the_session_of_a_node_that_died()
    {
        var (one, other) = (await JoinAsync(_a, "one", QualityOfService.ExactlyOnce), await JoinAsync(_b, "other", QualityOfService.ExactlyOnce));
        await _cluster.DecideAboutSharesAsync();
        await _a.Marks.RunOnceAsync();
        var published = await PublishAsync(0, Messages, QualityOfService.ExactlyOnce);
        var others = await ReceiveAsync(Messages - await WhenAllAreSentAsync(one, other), other);
        var ones = one.Output.Waiting().Select(packet => packet.Payload).ToList();

        await _a.KillAsync();
        await _cluster.DecideAboutSharesAsync();
        var again = await _b.ConnectAsync("one");
        await _cluster.DecideAboutSharesAsync();

        var received = await ReceiveAsync(ones.Count, again);
        Assert.Equal(ones.Order(StringComparer.Ordinal), received.Select(message => message.Payload).Order(StringComparer.Ordinal));
        Assert.Equal(published, received.Concat(others).Select(message => message.Payload).Order(StringComparer.Ordinal));
        await AssertNothingMoreAsync(other, again);
    }

    [Fact]
    public async Task A_share_ends_with_its_last_subscription()
    {
        var one = await JoinAsync(_a, "one", QualityOfService.AtLeastOnce);
        await _cluster.DecideAboutSharesAsync();
        await one.UnsubscribeAsync(Filter);
        await PublishAsync(0, Messages);

        var other = await JoinAsync(_b, "other", QualityOfService.AtLeastOnce);
        await _cluster.DecideAboutSharesAsync();
        var published = await PublishAsync(Messages, 1);

        Assert.Equal(published, (await ReceiveAsync(1, other)).Select(message => message.Payload));
        await AssertNothingMoreAsync(one, other);
    }

    private static async Task<TestClient> JoinAsync(TestNode node, string clientId, QualityOfService qualityOfService)
    {
        var client = await node.ConnectAsync(clientId);
        Assert.Equal([(ReasonCode)qualityOfService], (await client.SubscribeAsync(Filter, qualityOfService)).Reasons);
        return client;
    }

    /// <summary>Messages of many topics, so that they lie in all partitions.</summary>
    private async Task<List<string>> PublishAsync(int first, int count, QualityOfService qualityOfService = QualityOfService.AtLeastOnce)
    {
        var payloads = Enumerable.Range(first, count).Select(number => $"{number:D4}").ToList();
        foreach (var payload in payloads)
        {
            await _publisher.PublishAndWaitAsync($"t/{payload}", payload, qualityOfService);
        }

        return payloads;
    }

    /// <summary>Takes messages, and answers them.</summary>
    private static async Task<List<(TestClient Client, string Payload)>> ReceiveAsync(int count, params TestClient[] clients)
    {
        var received = new List<(TestClient, string)>();
        while (received.Count < count)
        {
            await Limit.UntilAsync(() => clients.Any(client => client.Output.Waiting().Any(packet => packet.Type == PacketType.Publish)), $"{count} messages came, not only {received.Count}");
            foreach (var client in clients.Where(client => client.Output.Waiting().Any(packet => packet.Type == PacketType.Publish)))
            {
                var message = await client.TakeAsync(PacketType.Publish);
                received.Add((client, message.Payload));
                await client.AnswerAsync(message);
            }
        }

        return received;
    }

    /// <returns>How many of them went to the first.</returns>
    private static async Task<int> WhenAllAreSentAsync(TestClient one, TestClient other)
    {
        await Limit.UntilAsync(() => one.Output.Waiting().Count + other.Output.Waiting().Count == Messages, "everything was sent");
        return one.Output.Waiting().Count;
    }

    private async Task AssertNothingMoreAsync(params TestClient[] clients)
    {
        await _cluster.CommittedAsync();
        foreach (var client in clients)
        {
            await client.AssertNothingCameAsync();
        }
    }
}
