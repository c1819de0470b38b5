using Holdfast.Device.Outbox;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Outbox;

public sealed class OutboxStoreTests
{
    private readonly SimulatedFiles _files = new();

    [Fact]
    public void Events_are_read_in_order_and_urgent_ones_first()
    {
        using var store = OutboxHarness.Open(_files);
        store.Append("1");
        store.Append("low", EventPriority.Low);
        store.Append("2");
        store.Append("urgent", EventPriority.Urgent);
        Assert.Null(store.Read());
        store.Flush();
        Assert.Equal(["urgent", "1", "2", "low"], store.ReadTexts());
    }

    [Fact]
    public void Stream_and_sequence_go_on_after_a_restart_even_when_nothing_waits()
    {
        EventIdentity first;
        using (var store = OutboxHarness.Open(_files))
        {
            first = store.Append("1");
            store.Flush();
            store.Confirm(store.Read()!);
            store.FlushPositions();
        }

        using var again = OutboxHarness.Open(_files.AfterKill());
        Assert.Null(again.Read());
        Assert.Equal(first with { Sequence = 2 }, again.Append("2"));
    }

    [Fact]
    public void Each_priority_and_each_outbox_has_its_own_stream()
    {
        using var one = OutboxHarness.Open(_files);
        using var two = OutboxHarness.Open(new SimulatedFiles());
        EventIdentity[] identities = [one.Append("a"), one.Append("b", EventPriority.Low), two.Append("c")];
        Assert.Equal(3, identities.DistinctBy(i => i.Stream).Count());
        Assert.All(identities, i => Assert.Equal(1UL, i.Sequence));
    }

    [Fact]
    public void What_is_read_and_not_confirmed_is_read_again_after_a_rewind()
    {
        using var store = OutboxHarness.Open(_files);
        foreach (var text in (string[])["1", "2", "3", "4"])
        {
            store.Append(text);
        }

        store.Flush();
        var read = store.ReadAll();
        store.Confirm(read[0]);
        store.Confirm(read[2]);
        Assert.Equal(2, store.Waiting);
        store.Rewind();
        Assert.Equal(["2", "4"], store.ReadTexts());
        store.Confirm(read[1]);
        store.Confirm(read[3]);
        Assert.Equal(0, store.Waiting);
    }

    [Fact]
    public void Confirmed_events_give_their_bytes_back()
    {
        using var store = OutboxHarness.Open(_files);
        for (var i = 0; i < 5_000; i++)
        {
            store.Append($"{i}:{new string('x', 90)}");
            store.Flush();
            store.Confirm(store.Read()!);
        }

        Assert.Equal(0UL, store.Dropped);
        Assert.InRange(_files.Bytes, 1, 3 * OutboxHarness.Small.SegmentBytes);
    }

    [Theory]
    [InlineData(FullPolicy.DropOldest)]
    [InlineData(FullPolicy.DropLowestPriority)]
    public void A_full_outbox_gives_up_the_oldest_and_counts_them(FullPolicy policy)
    {
        using var store = OutboxHarness.Open(_files, OutboxHarness.Small with { WhenFull = policy });
        Fill(store, 2_000);
        Assert.InRange(_files.Bytes, OutboxOptions.MinimumBytes / 2, OutboxOptions.MinimumBytes);
        var left = store.ReadTexts();
        Assert.Equal((ulong)(2_000 - left.Length), store.Dropped);
        Assert.Equal(Enumerable.Range(2_000 - left.Length, left.Length), left.Select(t => int.Parse(t.Split(':')[0])));

        using var again = OutboxHarness.Open(_files.AfterKill());
        Assert.Equal(store.Dropped, again.Dropped);
    }

    [Fact]
    public void A_full_outbox_refuses_the_newest_when_told_so()
    {
        using var store = OutboxHarness.Open(_files, OutboxHarness.Small with { WhenFull = FullPolicy.RefuseNewest });
        Assert.Throws<OutboxFullException>(() => Fill(store, 2_000));
        store.Flush();
        Assert.Equal(1, store.GetStatistics().Refused);
        Assert.Equal(0UL, store.Dropped);
        Assert.StartsWith("0:", store.Read()!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void By_priority_the_lowest_goes_and_none_goes_for_a_lower_one()
    {
        using var store = OutboxHarness.Open(_files, OutboxHarness.Small with { WhenFull = FullPolicy.DropLowestPriority });
        Fill(store, 100, EventPriority.Low);
        Fill(store, 2_000, EventPriority.Urgent);
        var dropped = store.Dropped;
        var urgent = store.Waiting;
        Assert.Throws<OutboxFullException>(() => store.Append(new string('x', 10_000), EventPriority.Low));
        Assert.Equal(dropped, store.Dropped);
        var left = store.ReadAll();
        Assert.All(left, e => Assert.Equal(EventPriority.Urgent, e.Priority));
        Assert.Equal(urgent, left.Count);
        Assert.Equal(2_100UL, (ulong)urgent + dropped);
    }

    [Fact]
    public void An_event_that_is_too_old_is_dropped_when_its_turn_comes()
    {
        var time = new FakeTimeProvider();
        using var store = OutboxHarness.Open(_files, OutboxHarness.Small with { MaximumAge = TimeSpan.FromHours(1) }, time);
        store.Append("old");
        time.Advance(TimeSpan.FromMinutes(50));
        store.Append("new");
        store.Flush();
        Assert.Equal(TimeSpan.FromMinutes(50), store.GetStatistics().OldestWaitingAge);
        time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(["new"], store.ReadTexts());
        Assert.Equal(1UL, store.Dropped);
        Assert.Equal(1, store.Waiting);
    }

    [Fact]
    public void A_torn_end_is_cut_and_the_numbers_go_on_under_a_new_stream()
    {
        EventIdentity kept, torn;
        using (var store = OutboxHarness.Open(_files))
        {
            kept = store.Append("kept");
            store.Flush();
            torn = store.Append("torn");
            store.Flush();
        }

        _files.Corrupt(_files.List().Single(), bytes => bytes[^(Frame.PositionSize + 1)] ^= 1);
        using var again = OutboxHarness.Open(_files.AfterKill());
        Assert.Equal(["kept"], again.ReadTexts());
        Assert.NotEqual(torn, again.Append("other"));
        Assert.NotEqual(0, again.GetStatistics().DamagedBytes);

        using var third = OutboxHarness.Open(_files);
        Assert.Equal(kept, third.Read()!.Identity);
    }

    [Fact]
    public void After_a_failed_write_the_outbox_goes_on_and_uses_no_number_twice()
    {
        using var store = OutboxHarness.Open(_files);
        var first = store.Append("1");
        store.Flush();
        _files.IsFull = true;
        var failed = store.Append("2");
        Assert.Throws<IOException>(store.Flush);
        _files.IsFull = false;
        var third = store.Append("3");
        store.Flush();
        Assert.NotEqual(failed, third);
        Assert.NotEqual(first.Stream, third.Stream);
        Assert.Equal(["1", "3"], store.ReadTexts());
        Assert.Equal(["1", "3"], OutboxHarness.Open(_files.AfterKill()).ReadTexts());
    }

    [Fact]
    public void An_event_that_can_never_fit_is_refused_with_the_bound()
    {
        using var store = OutboxHarness.Open(_files);
        var problem = Assert.Throws<ArgumentException>(() => store.Append(new string('x', OutboxHarness.Small.MaximumFrameBytes)));
        Assert.Contains("16384", problem.Message, StringComparison.Ordinal);
    }

    private static void Fill(OutboxStore store, int count, EventPriority priority = EventPriority.Normal)
    {
        for (var i = 0; i < count; i++)
        {
            store.Append($"{i}:{new string('x', 90)}", priority);
            store.Flush();
        }
    }
}
