using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests.Delivery;

public sealed class DeliveryWindowTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void One_event_of_a_key_is_out_at_a_time_and_the_next_follows_its_confirmation()
    {
        var window = Window();
        Add(window, 0, key: 1);
        Add(window, 1, key: 1);
        Add(window, 2, key: 2);

        Assert.Equal([0, 2], TakeAll(window, out var taken));
        window.Confirm(taken[0]);

        Assert.Equal([1], TakeAll(window, out _));
    }

    [Fact]
    public void A_postponed_event_holds_its_key_back_until_it_is_due()
    {
        var window = Window();
        Add(window, 0, key: 1);
        Add(window, 1, key: 1);
        TakeAll(window, out var taken);
        window.Postpone(taken[0], Now + TimeSpan.FromSeconds(2));

        Assert.Empty(TakeAll(window, out _));
        Assert.Equal(Now + TimeSpan.FromSeconds(2), window.NextDue);
        Assert.Equal([0], TakeAll(window, out _, Now + TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void The_oldest_unconfirmed_event_is_the_cursor_whatever_was_confirmed_behind_it()
    {
        var window = Window();
        for (var offset = 0; offset < 3; offset++)
        {
            Add(window, offset, key: (ulong)offset);
        }

        TakeAll(window, out var taken);
        window.Confirm(taken[1]);
        Assert.Equal(0, window.Oldest(0)?.Offset);

        window.Confirm(taken[0]);
        Assert.Equal(2, window.Oldest(0)?.Offset);

        window.Confirm(taken[2]);
        Assert.Null(window.Oldest(0));
    }

    [Fact]
    public void A_window_full_of_unconfirmed_events_wants_no_more_until_half_of_it_is_free_and_other_partitions_are_free()
    {
        var window = Window(partitions: 2, events: 4);
        for (var offset = 0; offset < 4; offset++)
        {
            Add(window, offset, key: (ulong)offset);
        }

        TakeAll(window, out var taken);
        Assert.False(window.Fits(0, 10));
        Assert.True(window.WantsMore(1));

        window.Confirm(taken[1]);
        Assert.False(window.WantsMore(0));
        window.Confirm(taken[3]);
        Assert.True(window.WantsMore(0));
    }

    [Fact]
    public void What_was_confirmed_ahead_of_a_stuck_event_takes_no_room_but_the_distance_is_bounded()
    {
        var window = Window(events: 4, span: 100);
        Add(window, 0, key: 0);
        for (var offset = 1; offset < 100; offset++)
        {
            Add(window, offset, key: (ulong)offset);
            TakeAll(window, out var taken);
            window.Confirm(taken[^1]);
            Assert.True(window.WantsMore(0));
        }

        Add(window, 100, key: 100);
        Assert.False(window.WantsMore(0));
        Assert.Equal(0, window.Oldest(0)?.Offset);
    }

    [Fact]
    public void An_event_larger_than_the_window_fits_when_the_window_is_empty_only()
    {
        var window = Window(bytes: 100);
        Assert.True(window.Fits(0, 500));
        Add(window, 0, key: 1, bytes: 40);

        Assert.True(window.WantsMore(0));
        Assert.False(window.Fits(0, 70));
        Assert.False(window.WantsMore(0));

        TakeAll(window, out var taken);
        window.Confirm(taken[0]);
        Assert.True(window.WantsMore(0));
    }

    [Fact]
    public void Failing_events_and_new_ones_take_turns()
    {
        var window = Window();
        for (var offset = 0; offset < 3; offset++)
        {
            Add(window, offset, key: (ulong)offset);
        }

        TakeAll(window, out var taken);
        taken.ForEach(failed => window.Postpone(failed, Now));
        for (var offset = 3; offset < 6; offset++)
        {
            Add(window, offset, key: (ulong)offset);
        }

        TakeAll(window, out var second);
        Assert.Equal(2, second.Take(4).Count(attempted => attempted.Events[0].Offset >= 3));
    }

    [Theory]
    [InlineData(1, 0.5, 1)]
    [InlineData(3, 0.5, 4)]
    [InlineData(7, 0.5, 60)]
    [InlineData(1_000_000, 0.5, 60)]
    public void The_pause_is_spread_over_all_of_a_range_that_doubles_up_to_the_maximum(int failures, double from, double to)
    {
        var delay = new RetryDelay(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(60), new Random(7));
        var pauses = Enumerable.Range(0, 1000).Select(_ => delay.After(failures).TotalSeconds).Order().ToArray();

        Assert.InRange(pauses[0], from, from + ((to - from) * 0.02));
        Assert.InRange(pauses[^1], to - ((to - from) * 0.02), to);
        Assert.InRange(pauses[500], from + ((to - from) * 0.4), from + ((to - from) * 0.6));
    }

    private static DeliveryWindow Window(int partitions = 1, int events = 16, int bytes = 1000, int span = 1000)
        => new(partitions, new IntegrationLimits { WindowEvents = events, WindowBytes = bytes, SpanRecords = span }, DeliveryShape.Single);

    private static void Add(DeliveryWindow window, long offset, ulong key, int bytes = 10) => window.Add(TestEvents.Create(offset, key, bytes));

    private static IEnumerable<long> TakeAll(DeliveryWindow window, out List<OutstandingRequest> taken, DateTimeOffset? now = null)
    {
        taken = [];
        while (window.TryTake(now ?? Now, out var next))
        {
            taken.Add(next);
        }

        return taken.Select(next => next.Events.Single().Offset);
    }
}
