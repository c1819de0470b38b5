using Holdfast.Device.Outbox;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Outbox;

public sealed class EventOutboxTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly SimulatedFiles _files = new();

    [Fact]
    public async Task Publishing_ends_when_the_group_is_flushed()
    {
        await using var outbox = new EventOutbox(_files, new OutboxOptions { FlushInterval = TimeSpan.FromSeconds(1) }, _time);
        Task[] publishing = [.. Enumerable.Range(0, 10).Select(_ => AppendAsync(outbox, 10))];
        var before = _files.Flushes;
        Assert.DoesNotContain(publishing, p => p.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(publishing).Soon();
        Assert.Equal(before + 1, _files.Flushes);
    }

    [Fact]
    public async Task Enough_bytes_are_flushed_at_once()
    {
        await using var outbox = new EventOutbox(_files, new OutboxOptions { FlushInterval = TimeSpan.FromDays(1), FlushBytes = 1_000 }, _time);
        var first = AppendAsync(outbox, 10);
        Assert.False(first.IsCompleted);
        await AppendAsync(outbox, 2_000).Soon();
        await first.Soon();
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_is_told_to_every_publisher_and_forgiven_later()
    {
        await using var outbox = new EventOutbox(_files, new OutboxOptions { FlushInterval = TimeSpan.Zero }, _time);
        await AppendAsync(outbox, 10).Soon();
        _files.IsFull = true;
        await Assert.ThrowsAsync<OutboxWriteException>(() => AppendAsync(outbox, 10).Soon());
        _files.IsFull = false;
        await AppendAsync(outbox, 10).Soon();
    }

    [Fact]
    public async Task Closing_flushes_what_waits_and_what_was_confirmed()
    {
        Task<EventIdentity> first, second;
        await using (var outbox = new EventOutbox(_files, new OutboxOptions { FlushInterval = TimeSpan.FromDays(1), FlushBytes = 500 }, _time))
        {
            first = AppendAsync(outbox, 600);
            await first.Soon();
            await outbox.ConfirmAsync((await outbox.ReadAsync(1, 0)).Events);
            second = AppendAsync(outbox, 5);
        }

        await Task.WhenAll(first, second).Soon();
        using var store = OutboxHarness.Open(_files.AfterKill());
        Assert.Equal(2UL, Assert.Single(store.ReadAll()).Identity.Sequence);
    }

    [Fact]
    public async Task On_a_real_disk_one_process_holds_the_outbox_and_the_next_finds_everything()
    {
        using var directory = new TemporaryDirectory();
        var options = new OutboxOptions { Directory = directory.Below("outbox") };
        await using (var outbox = EventOutbox.Open(options, TimeProvider.System))
        {
            var inUse = Assert.Throws<IOException>(() => EventOutbox.Open(options, TimeProvider.System));
            Assert.Contains("Another process uses the outbox", inUse.Message, StringComparison.Ordinal);
            await Task.WhenAll(Enumerable.Range(0, 2_000).Select(_ => AppendAsync(outbox, 100))).Soon();
        }

        await using var again = EventOutbox.Open(options, TimeProvider.System);
        Assert.Equal(2_000, (await again.GetStatisticsAsync()).Waiting);
        Assert.Equal(100, (await again.ReadAsync(1, 0)).Events.Single().Payload.Length);
    }

    [Fact]
    public async Task Reading_many_ends_with_the_event_that_reaches_a_limit()
    {
        await using var outbox = new EventOutbox(_files, new OutboxOptions { FlushInterval = TimeSpan.Zero }, _time);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => AppendAsync(outbox, 100))).Soon();
        Assert.Equal(4, (await outbox.ReadAsync(4, 10_000)).Events.Count);
        Assert.Equal(2, (await outbox.ReadAsync(100, 150)).Events.Count);
        Assert.Equal([7UL, 8, 9, 10], (await outbox.ReadAsync(100, 10_000)).Events.Select(e => e.Identity.Sequence));
        Assert.Empty((await outbox.ReadAsync(100, 10_000)).Events);
    }

    [Fact]
    public async Task Arrivals_tell_what_was_flushed_and_when_the_next_is()
    {
        await using var outbox = new EventOutbox(_files, new OutboxOptions { FlushInterval = TimeSpan.Zero }, _time);
        var before = await outbox.GetArrivalsAsync();
        Assert.False(before.Next.IsCompleted);
        await AppendAsync(outbox, 70).Soon();
        await outbox.AppendAsync(EventPriority.Urgent, "t", "", new byte[30]).Soon();
        await before.Next.Soon();
        var after = await outbox.GetArrivalsAsync();
        Assert.Equal((100, 1), (after.Bytes - before.Bytes, after.Urgent - before.Urgent));
    }

    private static Task<EventIdentity> AppendAsync(EventOutbox outbox, int size) => outbox.AppendAsync(EventPriority.Normal, "t", "", new byte[size]);
}
