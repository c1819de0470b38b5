using System.Text;
using Holdfast.Device.Outbox;
using Holdfast.Device.Connections;
using Holdfast.Device.Receipts;
using Holdfast.Device.Tests.Harness;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Receipts;

/// <summary>Events that wait for more than to be stored: kept, not sent again, forgotten when the cloud says so.</summary>
public sealed class AwaitingDeliveryTests
{
    private static readonly Uri One = new("mqtt://one");
    private static readonly Uri Two = new("mqtt://two");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<UndeliveredEvent> _undelivered = [];

    [Fact]
    public async Task A_stored_event_stays_until_its_receipt_and_does_not_hold_up_others()
    {
        await using var outbox = Open();
        var (first, second, third) = (await AppendAsync(outbox, "delivered:billing"), await AppendAsync(outbox, ""), await AppendAsync(outbox, "delivered:billing"));
        await StoreAllAsync(outbox);
        Assert.Equal((2L, 2L), await CountsAsync(outbox));

        await TellAsync(outbox, "archive", $"{first.Stream} delivered 1-9\n");
        Assert.Equal((2L, 2L), await CountsAsync(outbox));
        await TellAsync(outbox, "billing", $"{first.Stream} delivered {third.Sequence}\n");
        Assert.Equal((1L, 1L), await CountsAsync(outbox));
        await TellAsync(outbox, "billing", $"{first.Stream} delivered {first.Sequence}-{third.Sequence}\n");
        Assert.Equal((0L, 0L), await CountsAsync(outbox));
        Assert.True(second.Sequence < third.Sequence);
    }

    [Fact]
    public async Task It_is_sent_again_to_another_endpoint_and_not_to_the_same()
    {
        await using var outbox = Open();
        await outbox.ConnectedAsync(One);
        await AppendAsync(outbox, "delivered");
        Assert.Single(await StoreAllAsync(outbox));

        await outbox.RewindAsync();
        await outbox.ConnectedAsync(One);
        Assert.Empty(await StoreAllAsync(outbox));

        await outbox.RewindAsync();
        await outbox.ConnectedAsync(Two);
        Assert.Single(await StoreAllAsync(outbox));
    }

    [Fact]
    public async Task A_restart_sends_it_again()
    {
        var memory = new OutboxMemory();
        await using (var before = Open(new OutboxOptions { Memory = memory, FlushInterval = TimeSpan.Zero }))
        {
            await AppendAsync(before, "delivered:billing");
            await StoreAllAsync(before);
        }

        await using var after = Open(new OutboxOptions { Memory = memory, FlushInterval = TimeSpan.Zero });
        var again = Assert.Single(await StoreAllAsync(after));
        Assert.Equal(("delivered:billing", "x", "type", "payload"), (again.Receipt, again.Topic, again.ContentType, Encoding.UTF8.GetString(again.Payload.Span)));
        await TellAsync(after, "billing", $"{again.Identity.Stream} delivered {again.Identity.Sequence}\n");
        Assert.Equal((0L, 0L), await CountsAsync(after));
    }

    [Fact]
    public async Task A_receipt_that_comes_before_the_acknowledgement_counts()
    {
        await using var outbox = Open();
        var identity = await AppendAsync(outbox, "delivered");
        var reading = await outbox.ReadAsync(10, 1000);
        await TellAsync(outbox, "billing", $"{identity.Stream} delivered {identity.Sequence}\n");
        Assert.Equal((1L, 0L), await CountsAsync(outbox));

        await outbox.ConfirmAsync(reading.Events);
        Assert.Equal((0L, 0L), await CountsAsync(outbox));
    }

    [Fact]
    public async Task What_never_will_be_delivered_is_told_and_forgotten()
    {
        await using var outbox = Open();
        var identity = await AppendAsync(outbox, "delivered:billing");
        await StoreAllAsync(outbox);
        await TellAsync(outbox, "billing", $"{identity.Stream} undelivered {identity.Sequence}\n");

        Assert.Equal(new UndeliveredEvent(identity, "delivered:billing", "billing"), Assert.Single(_undelivered));
        Assert.Equal((0L, 0L), await CountsAsync(outbox));
        Assert.Equal((1L, 0UL), ((await outbox.GetStatisticsAsync()).Undelivered, (await outbox.GetStatisticsAsync()).Dropped));
    }

    [Fact]
    public async Task The_outbox_is_drained_only_when_its_owner_has_heard_of_what_never_will_be_delivered()
    {
        await using var outbox = Open();
        var telling = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var heard = new ManualResetEventSlim();
        outbox.Undelivered = _ =>
        {
            telling.SetResult();
            heard.Wait(TestContext.Current.CancellationToken);
        };
        var identity = await AppendAsync(outbox, "delivered");
        await StoreAllAsync(outbox);
        var taking = Task.Run(() => TellAsync(outbox, "billing", $"{identity.Stream} undelivered {identity.Sequence}\n"), TestContext.Current.CancellationToken);
        await telling.Task.Soon();

        var drained = outbox.DrainAsync(TestContext.Current.CancellationToken);
        Assert.False(drained.IsCompleted);
        await TellAsync(outbox, "archive", "");
        await outbox.GetStatisticsAsync();
        Assert.False(drained.IsCompleted);
        heard.Set();
        await Task.WhenAll(taking, drained).Soon();
    }

    [Fact]
    public async Task Without_a_receipt_it_is_forgotten_when_it_is_too_old()
    {
        await using var outbox = Open(new OutboxOptions { FlushInterval = TimeSpan.Zero, MaximumAge = TimeSpan.FromHours(1) });
        await AppendAsync(outbox, "delivered");
        await StoreAllAsync(outbox);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal((1L, 1L), await CountsAsync(outbox));

        var drained = outbox.DrainAsync(TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMinutes(2));
        await drained.Soon();
        Assert.Equal(1, (await outbox.GetStatisticsAsync()).Undelivered);
    }

    [Fact]
    public async Task As_many_as_may_wait_hold_up_their_priority_until_a_receipt_comes()
    {
        await using var outbox = Open(new OutboxOptions { FlushInterval = TimeSpan.Zero, MaximumAwaitingDelivery = 2 });
        var first = await AppendAsync(outbox, "delivered");
        await AppendAsync(outbox, "delivered");
        await AppendAsync(outbox, "");
        Assert.Equal(2, (await StoreAllAsync(outbox, atOnce: 1)).Count);

        var arrived = (await outbox.GetArrivalsAsync()).Next;
        await TellAsync(outbox, "billing", $"{first.Stream} delivered {first.Sequence}\n");
        await arrived.Soon();
        Assert.Single(await StoreAllAsync(outbox, atOnce: 1));
        Assert.Equal((1L, 1L), await CountsAsync(outbox));
    }

    [Fact]
    public async Task A_device_that_does_not_listen_for_receipts_takes_no_event_that_waits_for_one()
    {
        var cloud = new MemoryCloud();
        await using var device = MemoryDevice.Start(cloud, MemoryDevice.Options);
        var waiting = new DeviceEvent("e", new byte[1]) { Level = EventLevel.Delivered };

        await Assert.ThrowsAsync<ArgumentException>(() => device.PublishAsync(waiting));
    }

    [Fact]
    public async Task A_cloud_without_receipts_keeps_nothing_from_being_stored_and_is_told_of()
    {
        var cloud = new MemoryCloud { GivesReceipts = false };
        await using var device = MemoryDevice.Start(cloud, MemoryDevice.Options with { Receipts = true });
        await device.PublishAsync(new DeviceEvent("e", "1"u8.ToArray()) { Level = EventLevel.DeliveredBy("billing", "archive") }).Soon();

        var publish = await cloud.NextAsync();
        Assert.Equal("delivered:billing,archive", Assert.Single(publish.Events).Receipt);
        await device.PublishAsync("2");
        Assert.Equal(["2"], (await cloud.NextAsync()).Texts);
        Assert.False(device.CloudGivesReceipts);
        Assert.Equal(ConnectivityState.Online, device.Connectivity.State);
    }

    [Theory]
    [InlineData()]
    [InlineData("")]
    [InlineData("a,b")]
    [InlineData("Billing")]
    public void Names_that_no_integration_has_are_refused(params string[] names) => Assert.Throws<ArgumentException>(() => EventLevel.DeliveredBy(names));

    private static Task<EventIdentity> AppendAsync(EventOutbox outbox, string receipt)
        => outbox.AppendAsync(EventPriority.Normal, "x", "type", "payload"u8.ToArray(), receipt).Soon();

    private static Task TellAsync(EventOutbox outbox, string integration, string text) => outbox.TakeReceiptsAsync(integration, Encoding.UTF8.GetBytes(text)).Soon();

    private static async Task<(long Waiting, long AwaitingDelivery)> CountsAsync(EventOutbox outbox)
    {
        var statistics = await outbox.GetStatisticsAsync();
        return (statistics.Waiting, statistics.AwaitingDelivery);
    }

    /// <summary>The cloud stores everything that is to be sent.</summary>
    private static async Task<List<StoredEvent>> StoreAllAsync(EventOutbox outbox, int atOnce = 100)
    {
        List<StoredEvent> all = [];
        while ((await outbox.ReadAsync(atOnce, int.MaxValue)).Events is { Count: > 0 } events)
        {
            all.AddRange(events);
            await outbox.ConfirmAsync(events);
        }

        return all;
    }

    private EventOutbox Open(OutboxOptions? options = null)
    {
        var outbox = EventOutbox.Open(options ?? new OutboxOptions { FlushInterval = TimeSpan.Zero }, _time);
        outbox.Undelivered = _undelivered.Add;
        return outbox;
    }
}
