using Holdfast.Broker.Health;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Tests.Harness;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Retention;

public sealed class ProductRetentionTests
{
    [Theory]
    [InlineData("t/#")]
    [InlineData("$share/g/t/#")]
    public async Task A_subscriber_that_was_away_gets_what_its_product_keeps_and_the_rest_is_counted(string filter)
    {
        await using var broker = await TestBroker.StartAsync();
        using var trimmed = new CounterReading(broker.Metrics.TrimmedUnread);
        await LimitAsync(broker, TimeSpan.FromHours(1), null);
        await PublishToOtherAsync(broker); // It holds what is trimmed on the disk.
        var client = await broker.ConnectAsync("away", expirySeconds: 7 * 24 * 3600);
        await client.SubscribeAsync(filter);
        await client.DisconnectAsync();
        await broker.PublishAsync("t/a", "old", QualityOfService.AtLeastOnce);
        await broker.PublishAsync("u/a", "old and not wanted", QualityOfService.AtLeastOnce);
        await PassAsync(broker, TimeSpan.FromHours(2));
        await broker.PublishAsync("t/a", "new", QualityOfService.AtLeastOnce);

        var back = await broker.ConnectAsync("away", expirySeconds: 7 * 24 * 3600);

        Assert.Equal("new", (await back.MessageAsync()).Payload);
        Assert.Equal(1, trimmed.Total);
    }

    [Fact]
    public async Task A_product_with_too_many_bytes_loses_its_oldest_events_and_another_product_none()
    {
        await using var broker = await TestBroker.StartAsync();
        await LimitAsync(broker, null, 25_000);
        var begin = broker.Time.GetUtcNow();
        for (var count = 0; count < 10; count++)
        {
            await broker.PublishAsync("t/a", new string('x', 9_000));
            await PublishToOtherAsync(broker);
            await PassAsync(broker, TimeSpan.FromSeconds(20));
        }

        await broker.AdvanceUntilAsync(() => KeptSince(broker) - begin > TimeSpan.FromSeconds(145), "the last floor");

        // Two events of nine kilobytes fit. The older of them was received 160 seconds after the first event, and its span begins at most 9 seconds before.
        Assert.InRange(KeptSince(broker)!.Value - begin, TimeSpan.FromSeconds(150), TimeSpan.FromSeconds(165));
        Assert.Equal(KeptSince(broker)!.Value.ToUnixTimeMilliseconds(), broker.Node.Floors.FloorOf("default"));
        Assert.Equal(long.MinValue, broker.Node.Floors.FloorOf("other"));
    }

    [Fact]
    public async Task What_no_product_keeps_is_removed_from_the_disk_before_the_nodes_own_age()
    {
        await using var broker = await TestBroker.StartAsync();
        await LimitAsync(broker, TimeSpan.FromMinutes(10), null);
        for (var count = 0; count < 8; count++)
        {
            await broker.PublishAsync(TestBroker.TopicIn(0), "x");
        }

        var end = broker.Log.CommittedOffset(0);
        await PassAsync(broker, TimeSpan.FromMinutes(1));
        await PublishToOtherAsync(broker);
        var endOfKept = broker.Log.CommittedOffset(0);
        await PassAsync(broker, TimeSpan.FromMinutes(15));
        await broker.PublishAsync(TestBroker.TopicIn(0), "new");
        await broker.CheckpointAsync();

        await broker.AdvanceUntilAsync(() => broker.Log.FirstOffset(0) >= end, "the old events to be removed");

        // The event of the other product, which has no limit, holds its segment and all later ones.
        Assert.InRange(broker.Log.FirstOffset(0), end, endOfKept);
    }

    [Fact]
    public void Wider_limits_bring_nothing_back()
    {
        var now = DateTimeOffset.UnixEpoch.AddDays(100);
        var narrow = ProductRetention.Change(null, TimeSpan.FromDays(1), null, now);
        Assert.Equal(now.AddDays(-1), narrow.FloorAt(now));

        var wide = ProductRetention.Change(narrow, TimeSpan.FromDays(10), null, now);
        Assert.Equal(now.AddDays(-1), wide.FloorAt(now));
        Assert.Equal(now.AddDays(2), wide.FloorAt(now.AddDays(12)));
        Assert.Equal(now.AddDays(2), ProductRetention.Change(wide, null, null, now.AddDays(12)).FloorAt(now.AddDays(50)));
    }

    private static DateTimeOffset? KeptSince(TestBroker broker) => broker.Node.Identities.FindProduct("default")!.Document.Retention!.KeptSince;

    private static async Task LimitAsync(TestBroker broker, TimeSpan? age, long? bytes)
        => Assert.NotNull(await new IdentityAdministration(broker.Node.Identities, broker.Time).ChangeProductAsync(
            "default", product => product with { Retention = ProductRetention.Change(product.Retention, age, bytes, broker.Time.GetUtcNow()) }));

    private static Task PassAsync(TestBroker broker, TimeSpan time)
    {
        broker.Time.Advance(time);
        return broker.AdvanceUntilAsync(() => broker.Node.Health.State == CommitState.Committing, "commits");
    }

    private static async Task PublishToOtherAsync(TestBroker broker)
    {
        var message = new EventToPublish { Product = "other", Topic = "t/a", Payload = new byte[20_000], Publisher = "test" };
        Assert.Equal(PublishStatus.Committed, (await broker.Node.Publisher.PublishAsync(message, CancellationToken.None).AsTask().Within()).Status);
    }
}
