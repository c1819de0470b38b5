using Holdfast.Broker.Identities;
using Holdfast.Broker.Limits;
using Holdfast.Broker.Limits.Overload;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Limits;

/// <summary>A node whose memory becomes short.</summary>
public sealed class OverloadTests
{
    private int _percent;

    private BrokerOptions Options => new() { MemoryLimit = 100, MemoryInUse = () => _percent };

    [Fact]
    public async Task Near_its_limit_a_node_drops_QoS_0_lets_nobody_in_and_keeps_its_promises()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        var publisher = await broker.ConnectAsync("publisher");
        var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("a");
        _percent = 95;
        await broker.AdvanceUntilAsync(() => broker.Node.Overload == OverloadLevel.Shedding, "overload");

        Assert.Equal(ReasonCode.ServerBusy, await ConnectReasonAsync(broker, ProtocolVersion.Mqtt5));
        Assert.Equal(PublishStatus.NotCommitting, (await PublishOverHttpAsync(broker)).Status);
        await publisher.PublishAsync("a", "at most once", QualityOfService.AtMostOnce);
        await publisher.PublishAndWaitAsync("a", "at least once");
        await subscriber.MessageAsync("at least once");

        _percent = 10;
        await broker.AdvanceUntilAsync(() => broker.Node.Overload == OverloadLevel.None, "the end of the overload");
        Assert.Equal(ReasonCode.Success, await ConnectReasonAsync(broker, ProtocolVersion.Mqtt5));
        await publisher.PublishAsync("a", "at most once", QualityOfService.AtMostOnce);
        await subscriber.MessageAsync("at most once");
    }

    [Fact]
    public async Task Who_publishes_much_waits_for_his_share_and_who_publishes_little_does_not_notice()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        using var waits = new CounterReading(broker.Metrics.Limited);
        var noisy = await broker.ConnectAsync("noisy");
        var quiet = await broker.ConnectAsync("quiet");
        _percent = 85;
        await broker.AdvanceUntilAsync(() => broker.Node.Overload == OverloadLevel.Slowing, "overload");
        var held = Task.CompletedTask;
        await Limit.UntilAsync(
            () =>
            {
                broker.Time.Advance(TimeSpan.FromMilliseconds(100));
                held = held.IsCompleted ? noisy.PublishBytesAsync("n", new byte[100_000]) : held;
                return waits.Total > 0;
            },
            "the noisy one waits");

        var before = waits.Total;
        await quiet.PublishAndWaitAsync("q", "x");
        Assert.Equal(before, waits.Total);

        await broker.AdvanceUntilAsync(() => held.IsCompleted, "its turn");
        _percent = 10;
        await broker.AdvanceUntilAsync(() => broker.Node.Overload == OverloadLevel.None, "the end of the overload");
        for (var count = 0; count < 10; count++)
        {
            await noisy.PublishBytesAsync("n", new byte[100_000]);
        }
    }

    [Fact]
    public async Task What_is_published_over_HTTP_counts_for_its_product_and_waits_or_is_refused()
    {
        await using var broker = await TestBroker.StartAsync();
        await new IdentityAdministration(broker.Node.Identities, broker.Time).ChangeProductAsync("default", product => product with { Limits = new ClientLimits { PublishRate = 1 } });

        var results = Enumerable.Range(0, 9).Select(_ => PublishOverHttpAsync(broker)).ToList();
        Assert.All(results.Where(one => one.IsCompletedSuccessfully && one.Result.Status != PublishStatus.Committed), one => Assert.Equal(PublishStatus.TooFast, one.Result.Status));
        await broker.AdvanceUntilAsync(() => results.TrueForAll(one => one.IsCompleted), "all answers");

        Assert.Equal(6, results.Count(one => one.Result.Status == PublishStatus.Committed));
        Assert.Equal(3, results.Count(one => one.Result.Status == PublishStatus.TooFast));
    }

    private static async Task<ReasonCode> ConnectReasonAsync(TestBroker broker, ProtocolVersion version)
        => (await broker.Open(version).ConnectAsync(new ConnectPacket { Version = version, ClientId = "late", CleanStart = true })).Reason;

    private static Task<PublishResult> PublishOverHttpAsync(TestBroker broker) => broker.Node.Publisher.PublishAsync(
        new EventToPublish { Product = "default", Topic = "a", Payload = new byte[] { 1 }, Publisher = "http" }, CancellationToken.None).AsTask();
}
