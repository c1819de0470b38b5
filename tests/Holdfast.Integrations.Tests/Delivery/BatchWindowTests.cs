using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests.Delivery;

public sealed class BatchWindowTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_batch_is_handed_outsidewhen_it_is_full_or_when_its_first_event_has_waited()
    {
        var window = Window(batch: 3);
        Add(window, 0, key: 1);
        Add(window, 1, key: 2);
        Assert.Null(Take(window, Now));
        Assert.Equal(Now + Wait, window.NextDue);

        Add(window, 2, key: 3);
        Assert.Equal([0, 1, 2], Take(window, Now)!.Events.Select(one => one.Offset));

        Add(window, 3, key: 4);
        Assert.Null(Take(window, Now));
        Assert.Equal([3], Take(window, Now + Wait)!.Events.Select(one => one.Offset));
    }

    [Fact]
    public void Events_of_a_key_share_a_batch_in_order_and_those_after_it_wait_for_it()
    {
        var window = Window(batch: 2);
        for (var offset = 0; offset < 5; offset++)
        {
            Add(window, offset, key: 7);
        }

        var first = Take(window, Now + Wait)!;
        Assert.Equal([0, 1], first.Events.Select(one => one.Offset));
        Assert.Null(Take(window, Now + Wait));

        window.Confirm(first);
        var second = Take(window, Now + Wait)!;
        Assert.Equal([2, 3], second.Events.Select(one => one.Offset));
        window.Confirm(second);
        Assert.Equal([4], Take(window, Now + Wait)!.Events.Select(one => one.Offset));
    }

    [Fact]
    public void A_batch_has_no_more_bytes_than_the_limit_and_a_key_that_does_not_fit_does_not_overtake_itself()
    {
        var window = Window(batch: 10, batchBytes: 100);
        Add(window, 0, key: 1, bytes: 60);
        Add(window, 1, key: 1, bytes: 60);
        Add(window, 2, key: 2, bytes: 30);

        var first = Take(window, Now + Wait)!;
        Assert.Equal([0, 2], first.Events.Select(one => one.Offset));
        Assert.Null(Take(window, Now + Wait));
        window.Confirm(first);
        Assert.Equal([1], Take(window, Now + Wait)!.Events.Select(one => one.Offset));
    }

    [Fact]
    public void A_batch_that_was_refused_is_split_and_its_keys_keep_their_order()
    {
        var window = Window(batch: 4);
        Add(window, 0, key: 1);
        Add(window, 1, key: 2);
        Add(window, 2, key: 1);
        Add(window, 3, key: 2);
        Add(window, 4, key: 1);
        var batch = Take(window, Now)!;

        window.Split(batch);

        var alone = TakeAll(window, Now + Wait);
        Assert.Equal([[0L], [1L]], Offsets(alone));
        window.Confirm(alone[0]);
        var rest = TakeAll(window, Now + Wait);
        Assert.Equal([[2L, 4L]], Offsets(rest));
        window.Confirm(alone[1]);
        Assert.Equal([[3L]], Offsets(TakeAll(window, Now + Wait)));
        Assert.Equal(2, window.Oldest(0)!.Offset);
    }

    [Fact]
    public void What_waits_for_an_event_that_is_dropped_from_a_batch_waits_for_the_rest_of_it()
    {
        var window = Window(batch: 2);
        for (var offset = 0; offset < 3; offset++)
        {
            Add(window, offset, key: 1);
        }

        var batch = Take(window, Now)!;
        window.Drop(batch, batch.Events[1]);

        Assert.Null(Take(window, Now + Wait));
        window.Confirm(batch);
        Assert.Equal([2], Take(window, Now + Wait)!.Events.Select(one => one.Offset));
    }

    [Fact]
    public void Withoutsidean_order_every_event_goes_outsideat_once()
    {
        var window = Window(batch: 1, order: DeliveryOrder.None);
        for (var offset = 0; offset < 3; offset++)
        {
            Add(window, offset, key: 1);
        }

        var taken = TakeAll(window, Now);
        Assert.Equal([[0L], [1L], [2L]], Offsets(taken));
        taken.ForEach(window.Confirm);
        Assert.Null(window.Oldest(0));
    }

    [Fact]
    public void With_a_global_order_one_request_is_outsideand_events_come_in_the_order_of_receipt_over_all_partitions()
    {
        var window = Window(batch: 1, order: DeliveryOrder.Global, partitions: 2);
        window.Add(TestEvents.Create(0, key: 1, partition: 0, receivedAt: 10));
        window.Add(TestEvents.Create(1, key: 2, partition: 0, receivedAt: 30));
        window.Add(TestEvents.Create(0, key: 3, partition: 1, receivedAt: 20));

        var ids = new List<string>();
        window.Merge(_ => false);
        while (Take(window, Now) is { } request)
        {
            Assert.Null(Take(window, Now));
            ids.Add(request.Id);
            window.Confirm(request);
        }

        Assert.Equal(["test-0-0", "test-1-0", "test-0-1"], ids);
    }

    [Fact]
    public void With_a_global_order_nothing_is_decided_while_a_partition_may_hold_an_older_event()
    {
        var window = Window(batch: 1, order: DeliveryOrder.Global, partitions: 2);
        window.Add(TestEvents.Create(0, key: 1, partition: 0, receivedAt: 10));

        window.Merge(partition => partition == 1);
        Assert.Null(Take(window, Now));

        window.Merge(_ => false);
        Assert.NotNull(Take(window, Now));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Whatever_fails_splits_or_is_dropped_each_key_keeps_its_order_and_nothing_is_lost(int batch)
    {
        var random = new Random(batch);
        var window = new DeliveryWindow(1, new IntegrationLimits { WindowEvents = 10_000 }, new DeliveryShape(DeliveryOrder.Device, batch, TimeSpan.Zero));
        var keys = new Dictionary<long, ulong>();
        var sent = new List<long>();
        var outside = new List<OutstandingRequest>();
        var next = 0L;
        while (sent.Count < 2_000)
        {
            for (var i = random.Next(4); i > 0 && next < 2_000; i--, next++)
            {
                keys[next] = (ulong)random.Next(5);
                Add(window, next, keys[next]);
            }

            while (random.Next(3) > 0 && Take(window, Now) is { } taken)
            {
                Assert.Empty(taken.Events.Select(one => one.KeyHash).Intersect(outside.SelectMany(other => other.Events).Select(one => one.KeyHash)));
                outside.Add(taken);
            }

            if (outside.Count > 0)
            {
                var finished = outside[random.Next(outside.Count)];
                outside.Remove(finished);
                Finish(window, finished, random, sent);
            }
        }

        Assert.Null(window.Oldest(0));
        Assert.All(sent.GroupBy(offset => keys[offset]), key => Assert.Equal(key.Order(), key));
    }

    private static void Finish(DeliveryWindow window, OutstandingRequest finished, Random random, List<long> sent)
    {
        switch (random.Next(4))
        {
            case 0:
                window.Postpone(finished, Now);
                break;
            case 1 when finished.Events.Count > 1:
                window.Split(finished);
                break;
            case 2 when finished.Events.Count > 1:
                var dropped = finished.Events[random.Next(finished.Events.Count)];
                sent.AddRange(finished.Events.Select(one => one.Offset));
                window.Drop(finished, dropped);
                window.Confirm(finished);
                break;
            default:
                sent.AddRange(finished.Events.Select(one => one.Offset));
                window.Confirm(finished);
                break;
        }
    }

    private static DeliveryWindow Window(int batch, DeliveryOrder order = DeliveryOrder.Device, int partitions = 1, int batchBytes = 1000)
        => new(partitions, new IntegrationLimits { BatchBytes = batchBytes }, new DeliveryShape(order, batch, batch > 1 ? Wait : TimeSpan.Zero));

    private static void Add(DeliveryWindow window, long offset, ulong key, int bytes = 10) => window.Add(TestEvents.Create(offset, key, bytes, readAt: Now));

    private static OutstandingRequest? Take(DeliveryWindow window, DateTimeOffset now) => window.TryTake(now, out var taken) ? taken : null;

    private static List<OutstandingRequest> TakeAll(DeliveryWindow window, DateTimeOffset now)
    {
        var all = new List<OutstandingRequest>();
        while (Take(window, now) is { } taken)
        {
            all.Add(taken);
        }

        return all;
    }

    private static IEnumerable<long[]> Offsets(IEnumerable<OutstandingRequest> requests)
        => requests.Select(request => request.Events.Select(one => one.Offset).ToArray());
}
